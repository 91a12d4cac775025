"""A memory world as a process of its own: `python -m adapters.memory.world --listen … --state DIR`.

Networks and bank live on while a daemon is killed, and come back when they are killed themselves:
every command is in a file before it is answered. It listens on this machine only and asks nobody
who they are: it holds no value, and production settings never name it.
"""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from adapters.memory.codec import BadWire, text, whole
from adapters.memory.escrow import Refusal
from adapters.memory.ground import Command, Ground
from adapters.memory.panel import fault_of
from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.ids import Instant, NetworkId
from bridge.ports import Refused, Unavailable, Uncertain

BODY_MAX = 262_144  # bytes of a request; a transaction has two KiB
WAIT_MAX_MS = 30_000  # of one long poll


class WorldClock:
    """This process's own clock: no daemon gives it one."""

    def now(self) -> Instant:
        """Return milliseconds since 1970-01-01T00:00:00Z."""
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a program beside the daemon


class Tape:
    """The file of all commands. Written before the answer, so that a kill loses nothing told.

    It is not forced to disk: a power failure may lose the end of a world, as it may lose a demo.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "commands.jsonl", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # one world a folder

    def play(self, ground: Ground) -> int:
        """Carry out every command on the tape and return how many; half a last line is cut off."""
        with os.fdopen(os.dup(self._file), "rb") as tape:
            tape.seek(0)
            data = tape.read()
        whole_lines = data[: data.rfind(b"\n") + 1]
        os.ftruncate(self._file, len(whole_lines))
        os.lseek(self._file, 0, os.SEEK_END)
        lines = whole_lines.splitlines()
        for line in lines:
            said = parse(line)
            command = said.get("command") if isinstance(said, Mapping) else None
            if not isinstance(command, Mapping):
                raise BadWire("command: no object")
            ground.again(Instant(whole(said, "now")), command)
        return len(lines)

    def record(self, now: Instant, command: Command) -> None:
        """Write one command at the end. Who cannot write it ends: what is not on it was not."""
        left = canonical({"now": str(now), "command": dict(command)}) + b"\n"
        try:
            while left:  # a disk may take less than it was given, and say so
                left = left[os.write(self._file, left) :]
        except OSError as error:
            sys.stderr.write(f"the memory world ends: its tape: {error.strerror}\n")
            sys.stderr.flush()
            os._exit(1)


Asked = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Panel:
    """The routes of a world: three words for each network and the bank, and what goes wrong."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def routes(self) -> list[web.RouteDef]:
        """Return every route."""
        return [
            web.get("/world", self._world),
            web.post("/world", self._command),
            web.post("/faults/{name}", self._fault),
            web.post("/{name}/send", self._send),
            web.post("/{name}/told", self._told),
            web.post("/{name}/ask", self._ask),
        ]

    async def _world(self, _: web.Request) -> web.Response:
        """Say which networks and banks there are, and by which keys they sign."""
        keys: dict[str, Value] = {}
        for name, chain in self._ground.chains.items():
            keys[_member(name)] = {"name": name, "key": chain.public_key}
        for name, bank in self._ground.banks.items():
            keys[_member(name)] = {"name": name, "key": bank.public_key}
        return _said(keys)

    async def _command(self, request: web.Request) -> web.Response:
        self._ground.do(await _body(request))
        return _said({})

    async def _fault(self, request: web.Request) -> web.Response:
        """Ask for a fault: trouble of messages, a closed gate, or a command of chain or bank."""
        name, words = self._name(request), dict(await _body(request))
        client = self._ground.clients[name]
        what = text(words, "do")
        if what == "trouble":
            del words["do"]
            asked: dict[str, object] = dict(words)
            asked |= {key: whole(words, key) for key in ("times", "ms") if key in words}
            client.panel.add(fault_of(asked))
        elif what == "clear":
            client.panel.clear()
        elif what in {"close", "open"}:
            client.closed = what == "close"
            client.wake()
        else:
            self._ground.do({**words, "at": name})
        return _said({"met": str(client.panel.met)})

    async def _send(self, request: web.Request) -> web.Response:
        await self._ground.clients[self._name(request)].send(await request.read())
        return _said({})

    async def _told(self, request: web.Request) -> web.Response:
        asked = await _body(request)
        wait_ms = min(whole(asked, "wait_ms"), WAIT_MAX_MS)
        client = self._ground.clients[self._name(request)]
        told = await client.told(whole(asked, "after"), wait_ms)
        return _said({"told": [one.hex() for one in told]})

    async def _ask(self, request: web.Request) -> web.Response:
        client = self._ground.clients[self._name(request)]
        return _said(await client.ask(await _body(request)))

    def _name(self, request: web.Request) -> NetworkId:
        name = NetworkId(request.match_info["name"])
        if name not in self._ground.clients:
            raise Unavailable(f"no {name} in this world")
        return name


@web.middleware
async def answered(request: web.Request, handler: Asked) -> web.StreamResponse:
    """Say by the status which of the outcomes it is; after 504 nobody knows."""
    try:
        return await handler(request)
    except (Refused, Refusal, ValueError) as error:
        return _said({"why": str(error)}, 422)
    except Unavailable as error:
        return _said({"why": str(error)}, 503)
    except Uncertain as error:
        return _said({"why": str(error)}, 504)


async def _body(request: web.Request) -> Mapping[str, Value]:
    try:
        body = parse(await request.read())
    except NotCanonical as error:
        raise BadWire(str(error)) from error
    if not isinstance(body, Mapping):
        raise BadWire("no object")
    return body


def _said(body: Mapping[str, Value], status: int = 200) -> web.Response:
    return web.Response(body=canonical(body), status=status, content_type="application/json")


def _member(name: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in name.lower())


async def serve(listen: str, folder: Path, *, until_eof: bool = False) -> None:
    """Serve a world until SIGTERM or SIGINT; the line on standard output says where.

    Where `until_eof`, it runs no longer than somebody holds its standard input open.
    """
    tape = Tape(folder)
    ground = Ground(WorldClock(), tape.record)
    played = tape.play(ground)
    app = web.Application(middlewares=[answered], client_max_size=BODY_MAX)
    app.add_routes(Panel(ground).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = _site(runner, listen)
    await site.start()
    if isinstance(site, web.TCPSite):
        listen = f"tcp:localhost:{runner.addresses[0][1]}"
    ready = {"listen": listen, "commands": str(played)}
    sys.stdout.write(canonical(ready).decode() + "\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if until_eof:
        loop.add_reader(sys.stdin, lambda: stopped.set() if not os.read(0, 1024) else None)
    await stopped.wait()
    await runner.cleanup()


def _site(runner: web.AppRunner, listen: str) -> web.BaseSite:
    kind, _, rest = listen.partition(":")
    if kind == "unix":
        Path(rest).unlink(missing_ok=True)
        return web.UnixSite(runner, rest)
    host, _, port = rest.rpartition(":")
    if kind != "tcp" or host not in {"localhost", "127.0.0.1"}:
        raise SystemExit("a world listens on this machine only: unix:PATH or tcp:localhost:PORT")
    return web.TCPSite(runner, "127.0.0.1", int(port))


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description="Memory networks and a bank, as a process.")
    parser.add_argument("--listen", required=True, help="unix:PATH or tcp:localhost:PORT")
    parser.add_argument("--state", required=True, type=Path, help="folder of the state")
    parser.add_argument("--until-eof", action="store_true", help="stop where standard input ends")
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.listen, given.state, until_eof=given.until_eof))
    except OSError as error:  # its address is taken, its disk is full
        raise SystemExit(f"the memory world ends: {error.strerror}") from error


if __name__ == "__main__":
    main()
