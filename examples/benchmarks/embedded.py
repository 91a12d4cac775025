"""A settlement over all embedded wires: the daemon's CPU alone, and how much each part takes of it.

Gateway, chain and bank are processes beside the daemon, as in the demo; customers send orders over
the API, bring their consents and follow one stream of all events. What the daemon takes while
nothing is under way is measured in quiet, and taken off for as long as settlements run. A second
run of the same daemon is sampled every few milliseconds of its CPU: the innermost frame of a stack
that is ours, or of what speaks HTTP, names the part.

Milliseconds are of a machine, and a shared one moves by more than twice within a day. So the same
run measures a settlement on memory networks as well: how many of those one over real wires costs
says the same at any pace.
"""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import aiohttp

from bridge import daemon
from bridge.cli.kept import free_address
from bridge.cli.stage import Stage, stage
from bridge.cli.teller import Teller
from bridge.cli.wires import CASTS
from examples.benchmarks import settlement
from examples.benchmarks.figure import Figure, Given

AT_ONCE = 20
ROUNDS = 3  # of as many at once, in a stretch
STRETCHES = 3  # the one that takes least counts
ALONE = 10  # one after the other
WARM = 20
QUIET_S = 8
BAR = 40.0  # ms of CPU
SAMPLE_S = 0.002
ENDLESS = aiohttp.ClientTimeout(total=None)
TICKS = os.sysconf("SC_CLK_TCK")
TREE = Path(__file__).resolve().parents[2]
HTTP = "HTTP and event loop"
PARTS = (  # of a file, by how its path begins; the first that fits
    ("bridge/notary/attest", "signatures"),
    ("bridge/notary/keys", "signatures"),
    ("adapters/bsn/s", "signatures"),  # signing, sm2, sm3
    ("adapters/evm/accounts", "signatures"),
    ("adapters/evm/signatures", "signatures"),
    ("adapters/iso20022/signed", "signatures"),
    ("bridge/notary", "ledger"),
    ("bridge/core", "core"),
    ("bridge/policy", "policy"),
    ("bridge/screening", "policy"),
    ("bridge/engine", "engine"),
    ("bridge/api", "api"),
    ("schemas/a", "api"),
    ("schemas/iso20022", "iso20022 adapter"),
    ("schemas/xml", "iso20022 adapter"),
    ("schemas/contracts", "evm adapter"),
    ("schemas", "bsn adapter"),
    ("adapters/evm", "evm adapter"),
    ("adapters/bsn", "bsn adapter"),
    ("adapters/iso20022", "iso20022 adapter"),
)
SPEAKS = ("/aiohttp/", "/asyncio/", "/yarl/", "/multidict/", "/selectors.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From when to when, by the monotonic clock, and the CPU of a process in it. Units: seconds."""

    began: float
    ended: float
    cpu: float

    @property
    def wall(self) -> float:
        return self.ended - self.began


def spent(pid: int) -> float:
    """Seconds of CPU a process has taken, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def quiet(pid: int) -> Stretch:
    """Nothing is under way."""
    began, before = time.monotonic(), spent(pid)
    await asyncio.sleep(QUIET_S)
    return Stretch(began=began, ended=time.monotonic(), cpu=spent(pid) - before)


class Rest:
    """Who has come to rest, as one stream of every event tells it."""

    def __init__(self) -> None:
        self._rested: set[str] = set()
        self._news = asyncio.Condition()

    async def tell(self, stream: aiohttp.StreamReader) -> None:
        """Listen until it is cancelled."""
        async for line in stream:
            if line.startswith(b"data: "):
                event = json.loads(line.removeprefix(b"data: "))
                if event["data"].get("to") in {"settled", "released", "rejected"}:
                    async with self._news:
                        self._rested.add(event["subject"])
                        self._news.notify_all()

    async def of(self, settlement: str) -> None:
        """Wait until it is at rest."""
        async with self._news:
            await self._news.wait_for(lambda: settlement in self._rested)


@asynccontextmanager
async def followed(built: Stage) -> AsyncGenerator[Rest]:
    """Follow every settlement on one stream, as a platform does."""
    token = (built.folder / "keys" / "token-li.wei").read_text("ascii").strip()
    rest = Rest()
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
        session.get(f"{built.daemon.url}/v1/events", timeout=ENDLESS) as answer,
        asyncio.TaskGroup() as group,
    ):
        telling = group.create_task(rest.tell(answer.content))
        yield rest
        telling.cancel()


async def settled(built: Stage, pid: int, first: int, count: int, at_once: int) -> Stretch:
    """As many orders are sent, never more than so many under way, and each is settled."""
    orders = []
    for serial in range(first, first + count):  # lots are parted off at the gateway, before
        teller = Teller(built, serial, lambda _: None)
        body = teller.order("BENCH")
        await teller.part_off(body["instrument"])  # type: ignore[arg-type]  # a mapping
        orders.append((teller, body))
    waiting = iter(orders)
    began, before = time.monotonic(), spent(pid)

    async def customer(rest: Rest) -> None:
        for teller, body in waiting:
            of = (await teller.send(body))["settlement"]
            await rest.of(of)
            shown = await built.desk.get(f"/v1/settlements/{of}")
            assert shown["stage"] == "settled", shown

    async with followed(built) as rest, asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(customer(rest))
    return Stretch(began=began, ended=time.monotonic(), cpu=spent(pid) - before)


@asynccontextmanager
async def sampled(built: Stage, samples: Path) -> AsyncGenerator[int]:
    """Run the daemon of a stage anew, with a look at its stack; yield its process id.

    The file is whole after the block.
    """
    await built.daemon.stop()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "examples.benchmarks.embedded",
        str(built.folder / "lianqiao.toml"), str(samples),
        stdin=asyncio.subprocess.PIPE,  # it ends when we do
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert child.stdout is not None, "its standard output is a pipe"
        line = await child.stdout.readline()
        assert line.startswith(b"ready "), line
        yield child.pid
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


def part_of(frame: FrameType | None) -> str:
    """The part of a stack: of its innermost frame that is ours, or speaks HTTP."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(f"{TREE}/"):
            inner = file.removeprefix(f"{TREE}/")
            found = next((part for begins, part in PARTS if inner.startswith(begins)), "")
            if found:
                return found
        elif any(word in file for word in SPEAKS):
            return HTTP
        frame = frame.f_back
    return "other"


def sample_this(samples: Path, config: Path) -> None:
    """Serve as the daemon does; a line a sample: when, the part, its seconds, those of threads."""
    taken: list[tuple[float, str, float, float]] = []
    last = [time.thread_time(), time.process_time()]

    def look(_: int, frame: FrameType | None) -> None:
        mine, every = time.thread_time(), time.process_time()
        here, all_ = mine - last[0], every - last[1]
        last[:] = mine, every
        taken.append((time.monotonic(), part_of(frame), here, all_ - here))

    def end() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
    daemon.main(config)
    signal.setitimer(signal.ITIMER_PROF, 0)
    samples.write_text(json.dumps(taken), "ascii")


def parts(samples: Path, busy: Stretch, idle: Stretch) -> dict[str, float]:
    """Seconds of each part in a busy stretch beyond what as long a quiet one takes."""
    found: Counter[str] = Counter()
    for when, part, here, threads in json.loads(samples.read_text("ascii")):
        for stretch, sign in ((busy, 1.0), (idle, -busy.wall / idle.wall)):
            if stretch.began <= when <= stretch.ended:
                found[part] += sign * here
                found["ledger"] += sign * threads  # its writer's thread, and the vote books'
    return dict(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured. Units: seconds of CPU, a settlement or, idle, a second."""

    at_once: float
    alone: float
    idle: float
    rate: float
    parts: dict[str, float]


async def _measured(scratch: Path, address: str) -> Found:
    count = AT_ONCE * ROUNDS
    async with stage(scratch / "stage", address, CASTS["embedded"]) as built:
        pid = built.daemon.pid
        await settled(built, pid, 0, WARM, AT_ONCE)
        idle = await quiet(pid)
        stretches = [
            await settled(built, pid, 1_000 * number, count, AT_ONCE)
            for number in range(10, 10 + STRETCHES)
        ]
        alone = await settled(built, pid, 2_000, ALONE, 1)
        samples = scratch / "samples.json"
        async with sampled(built, samples) as again:
            await settled(built, again, 3_000, WARM, AT_ONCE)
            seen_idle = await quiet(again)
            seen = await settled(built, again, 4_000, count, AT_ONCE)
        rate = idle.cpu / idle.wall
        return Found(
            at_once=min(busy.cpu - rate * busy.wall for busy in stretches) / count,
            alone=(alone.cpu - rate * alone.wall) / ALONE,
            idle=rate,
            rate=count / min(busy.wall for busy in stretches),
            parts=parts(samples, seen, seen_idle),
        )


def figures(given: Given) -> Iterator[Figure]:
    """CPU of the daemon for a settlement, of each of its parts, and of a second without any."""
    with free_address() as address:
        found = asyncio.run(_measured(given.scratch, address))
    wires = "gateway, chain and bank are processes of their own; what it takes idle is taken off"
    for name, cpu, how in (
        ("cpu", found.at_once, f"{AT_ONCE} at once"),
        ("cpu_alone", found.alone, "one at a time"),
    ):
        yield Figure(
            name=f"embedded.{name}",
            ours=cpu * 1e3,
            theirs=BAR,
            baseline=f"the bar: the daemon's process alone; {how}; {wires}",
            unit="ms CPU",
        )
    memory = given.scratch / "memory"
    memory.mkdir()
    base = min(one.cpu for one in settlement.rounds(memory))
    yield Figure(
        name="embedded.over_memory",
        ours=found.at_once / base,
        theirs=BAR / settlement.BAR,
        baseline=f"the two bars; on memory networks {base * 1e3:.2f} ms CPU, in this run",
        unit="x",
    )
    total = sum(found.parts.values())
    for part, seconds in sorted(found.parts.items(), key=lambda item: -item[1]):
        yield Figure(
            name=f"embedded.{part}",
            ours=seconds / total * found.at_once * 1e3,
            theirs=None,
            baseline=f"its share of embedded.cpu, {seconds / total:.0%}: sampled in a second run",
            unit="ms CPU",
        )
    yield Figure(
        name="embedded.idle",
        ours=found.idle * 1e3,
        theirs=None,
        baseline="polling three networks, nothing under way",
        unit="ms CPU/s",
    )
    yield Figure(
        name="embedded.rate",
        ours=found.rate,
        theirs=None,
        baseline=f"by the clock of the wall, {AT_ONCE} at once; the wires run on the same cores",
        unit="settlements/s",
    )


if __name__ == "__main__":
    sample_this(Path(sys.argv[2]), Path(sys.argv[1]))
