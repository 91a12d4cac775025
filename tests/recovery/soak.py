"""All embedded wires under load while their processes are killed, and the audit of every book.

Orders cross, come home and are given back; at the end bank, chains and ledger are read one by one,
the ledger from its file, and each must tell the same story to the unit.
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every soak's kills repeatable
from statistics import median
from typing import Any, TypeAlias, TypeVar

import aiohttp
from typing_extensions import override

from bridge.cli.desk_client import DeskClient, Refusal
from bridge.cli.stage import BACK, FACE, Stage, stage
from bridge.cli.teller import Teller
from bridge.cli.wires import CASTS
from bridge.notary.fsck import fsck
from bridge.notary.store.sqlite import SqliteReader
from bridge.ports import Refused, Unavailable
from tests.recovery.leaking import Leaking

IN_FLIGHT = 20
STUCK_S = 180  # from an order to its rest; a killed process is away for seconds
PRICE = 134_567_800  # minor units of HKD, of each order
ROWS_HELD = 2_000  # by each generation of the daemon's memory of its ledger: the bound is met
WARM = 220  # orders: both generations were full, of 50 rows and 20 KiB beside them an order
ASSET, BUYER, SELLER = "receivable-a", "HK00123", "CN00456"
DAEMON = "daemon"
SETTLED = frozenset(
    {"AssetLocked", "AssetMinted", "PaymentSettled", "AssetBurned", "AssetAssigned"}
)
RELEASED = frozenset(
    {"AssetLocked", "AssetMinted", "PaymentRejected", "AssetUnminted", "LockReleased"}
)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Blow:
    """After a pause these processes are killed at once, and after another started in turn."""

    after_s: float
    victims: tuple[str, ...]
    down_s: float


def blows(seed: int, mortals: tuple[str, ...]) -> Iterator[Blow]:
    """Yield the kills of a soak, for ever: how many there are is the machine's affair."""
    chance = Random(seed)
    while True:
        after, down = chance.uniform(2, 12), chance.uniform(0, 3)
        count = chance.choice((1, 1, 1, 2))
        yield Blow(after, tuple(chance.sample(mortals, count)), down)


def struck(blow: Blow, *, is_calm: bool) -> tuple[str, ...]:
    """Return who is killed: in the calm the daemon is spared, so that its memory shows."""
    return tuple(one for one in blow.victims if one != DAEMON or not is_calm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order that came to rest, and what all books must say of it."""

    id: str
    uetr: str
    giver: str  # the account that paid, or would have
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """The orders of one lot, and whether it is abroad at the end."""

    part: str
    orders: tuple[Order, ...]
    is_abroad: bool


class PatientDesk(DeskClient):
    """A desk asked again for as long as a machine may be away."""

    PAUSES_S = (*DeskClient.PAUSES_S, *(3,) * 40)


async def persist(act: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what a wire answers, once its process is there to answer."""
    while True:
        try:
            return await act()
        except Unavailable:
            await asyncio.sleep(0.5)


class Patient(Teller):
    """A teller whose wires may be away for a while."""

    parting = asyncio.Lock()  # every lot is parted off the same one

    @override
    async def part_off(self, instrument: Mapping[str, object]) -> None:
        async with self.parting:
            await persist(lambda: self._parted_off(instrument))

    async def _parted_off(self, instrument: Mapping[str, object]) -> None:
        lot = {"of": "lot", "asset": str(instrument["asset"]), "part": str(instrument["part"])}
        if not await self.stage.wires.ask(self.stage.origin, lot):
            await super().part_off(instrument)

    @override
    async def bank(self, **words: str) -> None:
        await persist(lambda: super(Patient, self).bank(**words))

    async def rest(self, sent: Mapping[str, Any], stage_: str) -> Order:
        """Wait until an order stands at its end; to stop or to end elsewhere is a fault."""
        shown: dict[str, Any] = {}
        try:
            async with asyncio.timeout(STUCK_S):
                while shown.get("stage") != stage_:
                    await asyncio.sleep(0.5)
                    shown = await self.desk.get(f"/v1/settlements/{sent['settlement']}")
                    ended = {"settled", "released", "rejected"} - {stage_}
                    if shown["stop"] or shown["stage"] in ended:
                        raise AssertionError(f"not as told: {shown} {await self._found(sent)}")
        except TimeoutError as error:
            raise AssertionError(f"stuck: {shown}") from error
        is_home = shown["lane"] == BACK
        return Order(
            id=str(sent["settlement"]),
            uetr=str(sent["uetr"]),
            giver=SELLER if is_home else BUYER,
            is_settled=stage_ == "settled",
        )

    async def _found(self, sent: Mapping[str, Any]) -> Any:
        """What policy found of an order, for who reads why a soak failed."""
        try:
            told = await self.desk.get(f"/v1/settlements/{sent['settlement']}/findings")
        except Refusal as error:
            return error
        return [
            [one["stage"], one["outcome"], one["findings"]]
            for one in told["decisions"]
            if one["outcome"] != "clear"
        ]


@dataclass(frozen=True, slots=True)
class Grown:
    """One life of the daemon: seconds in all, seconds and orders once it was warm, its memory."""

    lived_s: int
    warm_s: int
    orders: int
    kib: int  # where it was warm
    times: float  # of it, at the end


Life: TypeAlias = list[tuple[int, int]]  # second by second: resident KiB, orders at rest so far


def growth(lives: Iterable[Life]) -> list[Grown]:
    """Return what was measured of each life that filled its caches and went on."""
    found: list[Grown] = []
    for life in lives:
        begun = life[0][1] if life else 0
        warm = [(kib, at) for kib, at in life if at - begun >= WARM]
        if len(warm) >= 60:  # seconds
            start = median(kib for kib, _ in warm[:10])
            end = median(kib for kib, _ in warm[-10:])
            orders = warm[-1][1] - warm[0][1]
            found.append(Grown(len(life), len(warm), orders, int(start), end / start))
    return found


@dataclass(slots=True)
class Town:
    """The stage of a soak: what was done there, who was killed, and the daemon's memory."""

    stage: Stage
    done: list[Crossing] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    lives: list[Life] = field(default_factory=list)  # of the daemon

    async def trade(self, first: int, until: float, most: int) -> None:
        """Have one lot after the other cross until then, by the monotonic clock, or so many."""
        serial = first
        while time.monotonic() < until and len(self.orders) < most:
            self.done.append(await self._cross(serial))
            serial += IN_FLIGHT

    async def _cross(self, serial: int) -> Crossing:
        tell = Patient(self.stage, serial, lambda _: None)
        order = tell.order("SOAK")
        part = str(order["instrument"]["part"])  # type: ignore[index]  # a mapping
        way = ("out", "home", "returned")[serial % 3]
        if way == "returned":
            await tell.bank(do="fate", settlement=str(order["id"]), **{"is": "reject_booked"})
            back = await tell.rest(await tell.send(order), "released")
            return Crossing(part, (back,), is_abroad=False)
        out = await tell.rest(await tell.send(order), "settled")
        if way == "out":
            return Crossing(part, (out,), is_abroad=True)
        home = await tell.rest(await tell.send(tell.homeward(order)), "settled")
        return Crossing(part, (out, home), is_abroad=False)

    async def suffer(self, plan: Iterator[Blow], until: float) -> None:
        """Kill and start as planned while orders come; the last third of it is calm."""
        calm = until - (until - time.monotonic()) / 3
        for blow in plan:
            if time.monotonic() + blow.after_s > until:
                return
            await asyncio.sleep(blow.after_s)
            victims = struck(blow, is_calm=time.monotonic() > calm)
            for one in victims:
                await self._kill(one)
            await asyncio.sleep(blow.down_s)
            for one in victims:
                await self._start(one)

    async def _kill(self, one: str) -> None:
        self.kills[one] += 1
        if one == DAEMON:
            child = self.stage.daemon.child
            assert child is not None
            assert child.returncode is None, f"it ended by itself: {child.returncode}"
            await self.stage.daemon.kill()
            self.lives.append([])  # also what the next one needs to start
        else:
            await self.stage.wires.do({"at": one, "do": "kill"})

    async def _start(self, one: str) -> None:
        if one == DAEMON:
            await self.stage.daemon.start()
        else:
            await self.stage.wires.do({"at": one, "do": "start"})

    async def weigh(self) -> None:
        """Note the daemon's resident memory each second, life by life."""
        self.lives.append([])
        while True:
            await asyncio.sleep(1)
            child = self.stage.daemon.child
            if child is not None and child.returncode is None:
                with suppress(FileNotFoundError):  # it was killed, and its end is not told yet
                    status = Path(f"/proc/{child.pid}/status").read_text("ascii")  # noqa: ASYNC240
                    if "VmRSS:" in status:
                        kib = int(status.partition("VmRSS:")[2].split()[0])
                        self.lives[-1].append((kib, len(self.orders)))

    @property
    def orders(self) -> list[Order]:
        return [order for crossing in self.done for order in crossing.orders]


def quiet_port() -> int:
    """Return a free port that no system gives away: wires take theirs before the daemon does."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@asynccontextmanager
async def town(folder: Path, *, leaks_kib: int = 0) -> AsyncGenerator[Town]:
    """Yield the demo's stage on embedded wires, before a patient desk; its daemon may leak."""
    async with (
        stage(folder, f"tcp:localhost:{quiet_port()}", CASTS["embedded"]) as built,
        aiohttp.ClientSession() as session,
    ):
        config = built.daemon.config
        _hold_few_rows(config)
        await built.daemon.stop()
        daemon = Leaking(config, kib=leaks_kib) if leaks_kib else built.daemon
        try:
            await daemon.start()
            desk = PatientDesk(built.folder, session)
            yield Town(replace(built, desk=desk, daemon=daemon))
        finally:
            await daemon.stop()


def _hold_few_rows(config: Path) -> None:
    """Have caches of the ledger that a soak can fill: what grows after that is a leak."""
    said = config.read_text("utf-8")
    few = said.replace("\nrows_held = 20_000 ", f"\nrows_held = {ROWS_HELD} ")
    assert few != said
    config.write_text(few, "utf-8")


async def soaked(here: Town, seconds: float, plan: Iterator[Blow], most: int = sys.maxsize) -> None:
    """Trade for so long under these blows, or so many orders, and until all is at rest.

    Errors: what went wrong.
    """
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as beside:
        weighing = beside.create_task(here.weigh())
        async with asyncio.TaskGroup() as group:
            group.create_task(here.suffer(plan, until))
            for first in range(IN_FLIGHT):
                group.create_task(here.trade(first, until, most))
        weighing.cancel()


async def audited(here: Town) -> None:
    """See that no book has lost, doubled or kept anything; the daemon is ended first."""
    status = await here.stage.desk.get("/v1/status")
    assert (status["ready"], status["in_flight"], status["alarms"]) == (True, "0", [])
    assert status["stopped"] == {}
    await here.stage.daemon.stop()
    await _audit_bank(here)
    await _audit_chains(here)
    _audit_ledger(here)


async def _audit_bank(here: Town) -> None:
    told: Any = await here.stage.wires.ask(here.stage.rail, {})
    settled = [order for order in here.orders if order.is_settled]
    net = sum(1 if order.giver == BUYER else -1 for order in settled) * PRICE
    opened = 10**12
    assert told["accounts"][f"{BUYER}/HKD"] == str(opened - net)
    assert told["accounts"][f"{SELLER}/HKD"] == str(opened + net)
    assert {
        uetr: (one["state"], one["giver"], one["moved"]) for uetr, one in told["payments"].items()
    } == {
        order.uetr: ("settled", order.giver, str(PRICE))
        if order.is_settled
        else ("returned", order.giver, "0")
        for order in here.orders
    }


async def _audit_chains(here: Town) -> None:
    wires, origin, there = here.stage.wires, here.stage.origin, here.stage.destination
    seller, buyer = wires.account(origin, "seller"), wires.account(there, "buyer")
    rest = await wires.ask(origin, {"of": "lot", "asset": ASSET, "part": ""})
    assert (rest["holder"], rest["units"]) == (seller, str(FACE - len(here.done)))
    for one in here.done:
        named = {"asset": ASSET, "part": one.part}
        lot = await wires.ask(origin, {"of": "lot", **named})
        holder = "vault" if one.is_abroad else seller
        assert (lot["holder"], lot["settlement"], lot["units"]) == (holder, "", "1"), one
        try:
            owner = (await wires.ask(there, {"of": "owner", **named}))["holder"]
        except Refused:
            owner = ""  # no such title
        assert owner == (buyer if one.is_abroad else ""), one


def _audit_ledger(here: Town) -> None:
    reader = SqliteReader(here.stage.folder / "data" / "ledger.db")
    places: Counter[str] = Counter()
    facts: Counter[tuple[str, str]] = Counter()
    try:
        assert fsck(reader) == ()
        for kind, key, data in reader.every_row():
            if kind == "fact":
                of, _, fact = key.partition("/")
                facts[of, fact] += 1
            elif kind == "account":
                row = json.loads(data)
                assert (row["debits_pending"], row["credits_pending"]) == ("0", "0"), row
                if key.startswith("place/"):
                    held = int(row["credits_posted"]) - int(row["debits_posted"])
                    places[key.split("/", 2)[2]] += held
    finally:
        reader.close()
    assert facts == Counter(
        {
            (order.id, fact): 1
            for order in here.orders
            for fact in (SETTLED if order.is_settled else RELEASED)
        }
    )
    abroad = sum(one.is_abroad for one in here.done)
    assert places == {here.stage.destination: abroad, here.stage.origin: len(here.done) - abroad}
