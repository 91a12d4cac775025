"""A demo's installation whose daemon is killed at will, and what must be so whenever it rests."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from bridge.cli.child import Daemon
from bridge.cli.stage import Stage, stage
from bridge.core.canonical import Value
from bridge.notary.fsck import fsck
from bridge.notary.store.sqlite import SqliteReader
from tests.recovery.condemned import ARMED

SELLER, BUYER, DEBTOR, CREDITOR = "seller-wallet", "buyer-wallet", "HK00123", "CN00456"
OPENING, PRICE, UNITS, ISSUED = 10**12, 134_567_800, 40, 1_000_000


@dataclass
class Lives(Daemon):
    """A daemon that lives again and again: children of one process that has imported it all."""

    mother: Process | None = None
    pid: int = 0
    was_ready: bool = False  # in this life, or the last one
    armed: Path = field(init=False)

    def __post_init__(self) -> None:
        self.armed = self.config.parent / ARMED

    async def _told(self) -> str:
        assert self.mother is not None
        assert self.mother.stdout is not None
        async with asyncio.timeout(60):
            said = (await self.mother.stdout.readline()).decode().strip()
        self.was_ready |= said.startswith("ready ")
        return said

    async def birth(self, point: str = "", passes: int = 1) -> None:
        """Begin a life that ends at that pass of a point."""
        if self.mother is None:
            with (self.config.parent / "daemon.log").open("ab") as log:
                self.mother = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.recovery.condemned", str(self.config),
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                )  # fmt: skip
        assert self.mother.stdin is not None
        self.was_ready = False
        self.mother.stdin.write(f"{passes} {point}\n".encode())
        born = await self._told()
        assert born.startswith("born "), born
        self.pid = int(born.split()[1])

    @override
    async def start(self, sick: str = "") -> None:
        await self.birth(sick)
        said = await self._told()
        self.pid = 0 if said.startswith("ended ") else self.pid
        assert said.startswith("ready "), f"{said}; see {self.config.parent}/daemon.log"

    @override
    async def ended(self) -> int:
        """Wait until this life has ended; return how."""
        while not (said := await self._told()).startswith("ended "):
            assert said.startswith("ready "), said
        self.pid = 0
        return int(said.split()[1])

    @override
    async def kill(self) -> None:
        """Kill this life, whatever it does."""
        self._signal(signal.SIGKILL)
        assert await self.ended() == -signal.SIGKILL

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def stop_life(self) -> None:
        """Ask this life to end, and wait."""
        self._signal(signal.SIGTERM)
        code = await self.ended()
        assert code == 0, f"it was asked to stop, and ended with {code}"

    @override
    async def stop(self) -> None:
        if self.pid:
            await self.stop_life()
        if self.mother is not None:
            assert self.mother.stdin is not None
            self.mother.stdin.close()
            await self.mother.wait()


@asynccontextmanager
async def lives(folder: Path, port: int) -> AsyncGenerator[tuple[Stage, Lives]]:
    """Yield the demo's stage with a daemon that may be killed; it stands still at first."""
    async with stage(folder, f"tcp:localhost:{port}") as built:
        await built.daemon.stop()
        daemon = Lives(built.daemon.config)
        try:
            yield replace(built, daemon=daemon), daemon
        finally:
            await daemon.stop()


async def books(built: Stage) -> dict[str, int]:
    """Return who holds how much, as networks and bank tell it themselves."""

    async def held(network: str, account: str) -> int:
        asked: dict[str, Value] = {
            "ask": "holding", "asset": "receivable-a", "part": "",
            "account": account, "operator": "",
        }  # fmt: skip
        return int(str((await built.wires.ask(network, asked))["units"]))

    async def money(account: str) -> int:
        asked: dict[str, Value] = {"ask": "account", "account": account, "currency": "HKD"}
        return int(str((await built.wires.ask(built.rail, asked))["minor"]))

    return {
        "given": ISSUED - await held(built.origin, SELLER),
        "twins": await held(built.destination, BUYER),
        "debited": OPENING - await money(DEBTOR),
        "credited": await money(CREDITOR),
    }


async def at_rest(built: Stage, daemon: Lives, settlements: Sequence[str]) -> None:
    """Everything is settled once, say our ledger, both networks and the bank; end the daemon."""
    count = len(settlements)
    shown = [await built.desk.get(f"/v1/settlements/{of}") for of in settlements]
    assert Counter((one["stage"], one["stop"]) for one in shown) == {("settled", ""): count}
    status: dict[str, Any] = await built.desk.get("/v1/status")
    assert status["ready"]
    assert status["in_flight"] == "0"
    assert not status["alarms"], status["alarms"]
    assert await books(built) == {
        "given": count * UNITS,
        "twins": count * UNITS,
        "debited": count * PRICE,
        "credited": count * PRICE,
    }
    await daemon.kill()
    reader = SqliteReader(built.folder / "data" / "ledger.db")
    try:
        assert fsck(reader) == ()
        facts = Counter(
            key.rpartition("/")[2] for kind, key, _ in reader.every_row() if kind == "fact"
        )
    finally:
        reader.close()
    assert facts
    assert set(facts.values()) == {count}, facts
