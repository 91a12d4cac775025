"""A counterparty bank as a process of its own: real messages both ways, and a panel for its faults.

`python3 -m adapters.iso20022.bank --config FILE --state DIR`. Everything it is sent or told is
taped before it counts, so a bank that was killed comes back as the same bank and delivers again
what was not acknowledged.
"""

if __name__ == "__main__":  # what follows takes its time
    import gc

    gc.set_threshold(50_000)  # what importing makes is no cycle to be sought

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import aiohttp
from aiohttp import web

from adapters.iso20022.bank_desk import Desk
from adapters.iso20022.bank_hours import hours_of
from adapters.iso20022.bank_paper import Pen
from adapters.iso20022.bank_words import Fate, Letter, Word
from adapters.iso20022.client import Door, headers, signed_of
from adapters.iso20022.folder import FolderReader, put
from adapters.iso20022.signed import BadSignature, Signed, load_signer, unframe
from bridge.core.canonical import canonical
from bridge.core.ids import Instant
from bridge.ports import Clock

Carry = Callable[[Letter], Awaitable[bool]]

TRIES_S = (0.05, 0.2, 0.5, 1, 2, 5)  # between tries to deliver one letter
POST_S = 40  # of one delivery: the partner answers after its ledger has it
AT_ONCE = 16  # letters under way
TURN_S = 0.05
STATUS = {"taken": 202, "late": 422, "refused": 422, "conflict": 409}


class WallClock:
    """The bank's own clock; it is another company's process."""

    def now(self) -> Instant:
        """Return milliseconds since the epoch."""
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a process of its own


class House:
    """The desk behind its door: what arrives, what leaves, what is taped."""

    def __init__(self, desk: Desk, clock: Clock, partner: str, tape: Path | None = None) -> None:
        self.desk = desk
        self.closed = False  # the door is shut: 503
        self.delivered: set[int] = set()
        self._clock = clock
        self.partner = partner.rstrip("/")
        self._stirred = asyncio.Event()
        self._missed: dict[str, int] = {}  # by UETR: the first letter that was not acknowledged
        self._tape: BinaryIO | None = None
        if tape is not None and tape.exists():
            self._play(tape)
        if tape is not None:
            self._tape = tape.open("ab")

    def _play(self, tape: Path) -> None:
        raw = tape.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:
            tape.write_bytes(whole)  # it was killed while it wrote: nothing of that line counted
        for line in whole.splitlines():
            said = json.loads(line)
            at = Instant(int(said["at"]))
            match said["do"]:
                case "receive":
                    self.desk.receive(unframe(bytes.fromhex(said["frame"])), at)
                case "delivered":
                    self.delivered.add(int(said["number"]))
                case _:
                    self._told(said["words"], at)

    def close(self) -> None:
        """End the tape."""
        if self._tape is not None:
            self._tape.close()

    def _taped(self, at: Instant, do: str, **words: object) -> None:
        if self._tape is not None:
            try:
                self._tape.write(json.dumps({"at": at, "do": do, **words}).encode() + b"\n")
                self._tape.flush()
            except OSError as error:  # what is not taped may not count
                sys.stderr.write(f"the bank ends: {self._tape.name}: {error.strerror}\n")
                sys.stderr.flush()
                os._exit(1)

    def receive(self, signed: Signed) -> str:
        """Tape and take a message."""
        at = self._clock.now()
        self._taped(at, "receive", frame=signed.frame.hex())
        said = self.desk.receive(signed, at)
        self._stirred.set()
        return said

    def tell(self, words: Mapping[str, str]) -> None:
        """Tape and carry out a command of the panel. Errors: ValueError, KeyError."""
        at = self._clock.now()
        self._told(words, at)
        self._taped(at, "tell", words=dict(words))
        self._stirred.set()

    def _told(self, words: Mapping[str, str], at: Instant) -> None:
        desk, uetr = self.desk, words.get("uetr", "*")
        desk.turn(at)  # what was due before is decided before, on the tape too
        match words["do"]:
            case "open":
                desk.open_account(words["account"], words["currency"], int(words["minor"]))
            case "spend":
                desk.spend(words["account"], words["currency"], int(words["minor"]))
            case "fate":
                desk.fates[uetr] = Fate(words["is"])
            case "word":
                desk.words[uetr] = Word(words["is"])
            case "delay":
                desk.delays[uetr] = int(words["ms"])
            case "lose":
                desk.lost[uetr] = int(words["letters"])
            case "settle":
                desk.settle(uetr, at)
            case "return":
                minor = words.get("minor")
                desk.give_back(uetr, at, int(minor) if minor else None)
            case "recall":
                desk.recall_it(uetr, at)
            case "ask":
                desk.ask_it(uetr, at)
            case other:
                raise ValueError(f"do: {other[:40]!r}")

    def books(self) -> dict[str, object]:
        """Return what is in its books, for who compares."""
        desk = self.desk
        return {
            "accounts": {f"{a}/{c}": str(m) for (a, c), m in sorted(desk.books.balances.items())},
            "payments": {
                uetr: {
                    "state": one.state.value,
                    "moved": str(desk.books.moved(uetr, one.taker)),
                    "giver": one.giver,
                    "taker": one.taker,
                }
                for uetr, one in sorted(desk.payments.items())
            },
            "noted": desk.noted,
            "letters": str(len(desk.letters)),
            "delivered": str(len(self.delivered)),
        }

    async def deliver(self, carry: Carry) -> None:
        """Deliver letters for ever, each until it is acknowledged.

        One that was not does not let later ones about its payment overtake it.
        """
        begun: set[int] = set(self.delivered)
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                now = self._clock.now()
                self.desk.turn(now)
                for letter in self.desk.letters:
                    if letter.number not in begun and letter.due <= now:
                        await room.acquire()
                        begun.add(letter.number)
                        tasks.create_task(self._carried(carry, letter, room))
                self._stirred.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await self._stirred.wait()

    async def _carried(self, carry: Carry, letter: Letter, room: asyncio.Semaphore) -> None:
        try:
            for count in range(1_000_000):
                if self._missed.get(letter.uetr, letter.number) >= letter.number:
                    if await carry(letter):
                        break
                    first = self._missed.get(letter.uetr, letter.number)
                    self._missed[letter.uetr] = min(first, letter.number)
                await asyncio.sleep(TRIES_S[min(count, len(TRIES_S) - 1)])
            if self._missed.get(letter.uetr) == letter.number:
                del self._missed[letter.uetr]
            self.delivered.add(letter.number)
            self._taped(self._clock.now(), "delivered", number=letter.number)
        finally:
            room.release()

    async def posted(self, session: aiohttp.ClientSession, letter: Letter) -> bool:
        """Post a letter to the partner's door; whether it was answered for good."""
        within = aiohttp.ClientTimeout(total=POST_S)
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with session.post(
                f"{self.partner}/messages",
                data=letter.signed.raw,
                headers=headers(letter.signed),
                timeout=within,
            ) as answer:
                return answer.status not in {500, 503}
        return False


def application(house: House, clock: Clock) -> web.Application:
    """Return the bank's door: messages, receipts, and beside them panel and books."""

    async def take(request: web.Request) -> web.Response:
        if house.closed:
            return web.Response(status=503)
        raw = await request.read()
        try:
            said = house.receive(signed_of(raw, request.headers))
        except BadSignature:
            return web.Response(status=401)
        return web.Response(status=STATUS[said], text=said)

    async def receipt(request: web.Request) -> web.Response:
        if house.closed:
            return web.Response(status=503)
        signed = house.desk.receipt(request.match_info["digest"], clock.now())
        return web.Response(body=signed.raw, headers=headers(signed))

    async def panel(request: web.Request) -> web.Response:
        try:
            house.tell(await request.json())
        except (ValueError, KeyError) as error:
            return web.Response(status=422, text=str(error))
        return web.Response(status=204)

    async def books(request: web.Request) -> web.Response:
        del request
        return web.json_response(house.books())

    app = web.Application(client_max_size=10 * 1024 * 1024)
    app.router.add_post("/messages", take)
    app.router.add_get("/receipts/{digest}", receipt)
    app.router.add_post("/panel", panel)
    app.router.add_get("/books", books)
    return app


@asynccontextmanager
async def opened(house: House, clock: Clock, host: str, port: int) -> AsyncGenerator[str]:
    """Keep the bank's door open and its mail going while the body runs; yield its address."""
    runner = web.AppRunner(application(house, clock), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            mail: asyncio.Task[None] | None = None
            if house.partner:  # a partner without an address is written files to
                mail = tasks.create_task(house.deliver(partial(house.posted, session)))
            yield f"http://{host}:{runner.addresses[0][1]}"
            if mail is not None:
                mail.cancel()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def filing(house: House, clock: Clock, own: Path, partner: Path) -> AsyncGenerator[None]:
    """Take and deliver files while the body runs: `own` is read, `partner` is written to."""

    async def receive(signed: Signed) -> tuple[Door | None, Mapping[str, object]]:
        return (None if house.closed else Door(house.receive(signed))), {}

    async def carry(letter: Letter) -> bool:
        with suppress(OSError):
            await asyncio.to_thread(put, partner, letter.signed)
            return True
        return False

    reader = FolderReader(own, house.desk.signer, clock, receive)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(reader.run()), tasks.create_task(house.deliver(carry))]
        yield
        for task in running:
            task.cancel()


def desk_of(words: Mapping[str, object], folder: Path) -> Desk:
    """Return the bank that a configuration describes. Errors: KeyError, ValueError, OSError."""
    text = {name: str(value) for name, value in words.items()}
    keys = words["partner_keys"]
    assert isinstance(keys, Mapping), "partner_keys is an object of name to key"
    return Desk(
        signer=load_signer(text["key_name"], folder / text["signing_key"]),
        partner_keys={str(name): str(key) for name, key in keys.items()},
        pen=Pen(
            bic=text["bic"],
            partner=text["partner_bic"],
            header=text["customer"] != "True",
            service=text.get("service", ""),
        ),
        customer=text["customer"] == "True",
        partner_account=text.get("partner_account", ""),
        settle_ms=int(text.get("settle_ms", "0")),
        life_ms=int(text.get("life_ms", "30000")),
        hours=hours_of(words.get("hours", {})),
    )


async def serve(
    house: House,
    clock: Clock,
    port: int,
    folders: tuple[Path, Path] | None = None,
    *,
    until_eof: bool = False,
) -> None:
    """Run until SIGTERM; the first line on standard output says where the door is.

    Where `until_eof`, it runs no longer than somebody holds its standard input open.
    """
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    if until_eof:
        loop.add_reader(sys.stdin, lambda: stopping.set() if not os.read(0, 1024) else None)
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(opened(house, clock, "127.0.0.1", port))
        if folders is not None:
            await stack.enter_async_context(filing(house, clock, *folders))
        sys.stdout.buffer.write(canonical({"listen": address}) + b"\n")
        sys.stdout.flush()
        await stopping.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python3 -m adapters.iso20022.bank")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--until-eof", action="store_true", help="stop where standard input ends")
    given = parser.parse_args()
    words = json.loads(given.config.read_text("utf-8"))
    given.state.mkdir(parents=True, exist_ok=True)
    clock = WallClock()
    desk = desk_of(words, given.config.parent)
    house = House(desk, clock, str(words["partner"]), given.state / "tape.jsonl")
    folders = None
    if "own_folder" in words:
        folders = Path(str(words["own_folder"])), Path(str(words["partner_folder"]))
    try:
        port = int(words.get("port", 0))
        asyncio.run(serve(house, clock, port, folders, until_eof=given.until_eof))
    except OSError as error:  # its port is taken
        raise SystemExit(f"the bank ends: {error.strerror}") from error
    finally:
        house.close()


if __name__ == "__main__":
    main()
