"""The demo's daemon: a process of its own, which imports what it needs before it is to begin."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import bridge
from bridge.cli.manners import FAILED, Stopped

TREE = str(Path(bridge.__file__).resolve().parent.parent)  # children import what we import
WORDS = 600  # characters of what a daemon said before it ended


@dataclass
class Daemon:
    """The daemon as a child process: it can be killed at any moment and started again."""

    config: Path
    adapters: tuple[str, ...] = ()  # what it will open, as far as it is known beforehand
    child: asyncio.subprocess.Process | None = None
    url: str = ""
    is_warm: bool = False  # it waits for an empty line
    log: Path = Path()
    said_before: int = 0  # bytes of the log

    async def warm(self) -> None:
        """Have its process import what it needs; its settings may be written meanwhile."""
        self.log = self.config.parent / "daemon.log"
        with self.log.open("ab") as log:
            self.said_before = log.tell()
            self.child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bridge",
                "up",
                "--on-stdin",
                "--config",
                str(self.config),
                stdin=asyncio.subprocess.PIPE,  # it ends when we do
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": TREE},
                start_new_session=True,  # Ctrl-C asks the demo to stop, and it asks its daemon
            )
        assert self.child.stdin is not None, "its standard input is a pipe"
        self.child.stdin.write("".join(f"{name}\n" for name in self.adapters).encode())
        self.is_warm = True

    async def start(self) -> None:
        """Start it and wait until it is ready. Errors: Stopped with what it said."""
        if not self.is_warm:
            await self.warm()
        self.is_warm = False
        assert self.child is not None, "it was warmed"
        assert self.child.stdin is not None, "its standard input is a pipe"
        assert self.child.stdout is not None, "its standard output is a pipe"
        self.child.stdin.write(b"\n")
        line = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                line = (await self.child.stdout.readline()).decode()
        if not line.startswith("ready "):
            await self.stop()
            said = self.log.read_bytes()[self.said_before :].decode(errors="replace")
            raise Stopped(
                FAILED,
                "LQ-DEMO",
                "the daemon of the demo did not start",
                cause="; ".join(said.split("\n")).strip("; ")[-WORDS:],
                following="lianqiao demo, which takes a free port anew, or lianqiao doctor",
            )
        self.url = line.removeprefix("ready ").strip()

    @property
    def pid(self) -> int:
        """Its id now."""
        assert self.child is not None, "it was started"
        return self.child.pid

    async def ended(self) -> int:
        """Wait until it has ended, and return its code."""
        assert self.child is not None, "it was started"
        return await self.child.wait()

    async def kill(self) -> None:
        """Kill it, as a failing machine would: SIGKILL."""
        assert self.child is not None, "it runs"
        self.child.kill()
        await self.child.wait()

    async def stop(self) -> None:
        """Ask it to stop, and wait."""
        if self.child is not None and self.child.returncode is None:
            self.child.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await self.child.wait()
            if self.child.returncode is None:
                await self.kill()


@asynccontextmanager
async def warmed(daemon: Daemon) -> AsyncGenerator[Daemon]:
    """Yield a daemon that begins when it is started, however long its wires take."""
    try:
        if not daemon.is_warm:
            await daemon.warm()
        yield daemon
    finally:
        await daemon.stop()
