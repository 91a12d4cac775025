"""A daemon with a bug: it never lets go of some memory for each settlement that comes to rest."""

import asyncio
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from bridge import daemon
from bridge.cli.child import Daemon
from bridge.core.ids import SettlementId
from bridge.engine.perform import Perform


@dataclass
class Leaking(Daemon):
    """A daemon of a stage that leaks so much a settlement."""

    kib: int = 0

    @override
    async def warm(self) -> None:
        """Have its process import what it needs; it begins at once."""
        self.log = self.config.parent / "leaking.log"
        with self.log.open("ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.recovery.leaking", str(self.config), str(self.kib),
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip


def leak(config: Path, kib: int) -> None:
    """Serve as the daemon does, until standard input is closed or a signal comes."""
    forget, leaked = Perform.forget, dict[SettlementId, bytes]()

    def forgets(perform: Perform, of: SettlementId) -> None:
        forget(perform, of)
        leaked.setdefault(of, b"\x01" * (1024 * kib))  # of pages that are there: none is zero

    def end() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    setattr(Perform, "forget", forgets)  # noqa: B010 the bug
    daemon.main(config)


if __name__ == "__main__":
    leak(Path(sys.argv[1]), int(sys.argv[2]))
