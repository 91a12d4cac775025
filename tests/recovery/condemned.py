"""Daemons of one installation that kill themselves at a named point of the product's path.

Started by daemon_lives.py: `python -m tests.recovery.condemned CONFIG`. It reads one line a life,
`PASS POINT`, and forks: the child wraps the product's functions from outside and runs `lianqiao
up`; it is killed by SIGKILL, its own or anybody's. A line is said when a life begins and ends. The
child is a process like any other; forking only spares it the imports.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from adapters.evm.wallet import Wallet
from bridge import cli, daemon
from bridge.engine import perform, watch
from bridge.engine.dossiers import DossierScreening
from bridge.engine.loop import Loop
from bridge.engine.people import People
from bridge.notary.attestation import CanonicalSigner, Eip712Signer
from bridge.notary.attestor import DevelopmentCustody
from bridge.notary.journal import Journal
from bridge.notary.keys import HighWater
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.votebook import FileVoteBook

TORN = "a vote is half written"
ARMED = "armed"  # a point kills only once this file stands in the installation's folder


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the product: a function of an owner, before or after it did its work."""

    owner: Any
    name: str
    after: bool = False
    passes: int = 5  # at least so often in the life of one settlement
    at_start: bool = False  # before anybody could arm it


POINTS: dict[str, Point] = {
    "an order is judged, not committed": Point(SqliteStore, "append"),
    "a commit is begun, its entries are not in it": Point(SqliteStore, "_fence", after=True),
    "a commit is written, nobody heard of it": Point(SqliteStore, "append", after=True),
    "a commit is told to who asked": Point(Loop, "absorb", after=True),
    "a settlement is about to be screened": Point(DossierScreening, "screen", passes=2),
    "a verdict stands, not in the ledger": Point(DossierScreening, "screen", after=True, passes=2),
    "an act is in the ledger, unsigned": Point(DevelopmentCustody, "attest", passes=3),
    "a vote is cast, not written": Point(FileVoteBook, "_sync"),
    "a vote is durable, nobody heard of it": Point(FileVoteBook, "_sync", after=True),
    "one notary has signed": Point(CanonicalSigner, "sign", after=True),
    "an act is signed, its bytes are not in the ledger": Point(
        perform.Perform, "_journal_prepared"
    ),
    "bytes are in the ledger, not sent": Point(perform, "handed"),
    "bytes are sent, nobody knows": Point(perform, "handed", after=True),
    "a fact is observed, not proved": Point(watch.Watch, "_take"),
    "a fact is proved, not in the ledger": Point(watch.Heard, "build"),
    "a fact is in the ledger, its cursor not gone on": Point(watch.Watch, "_take", after=True),
    "a checkpoint's mark is not written": Point(HighWater, "admit"),
    "a checkpoint's mark is written, not on the disk": Point(os, "pwrite", after=True),
    "a checkpoint's mark is written, nothing signed": Point(HighWater, "admit", after=True),
    "a checkpoint is kept": Point(Journal, "keep_checkpoint", after=True),
    "a start has compared, the term is not taken": Point(
        SqliteStore, "take", passes=1, at_start=True
    ),
    "a start has taken its term": Point(SqliteStore, "take", after=True, passes=1, at_start=True),
    "a start has opened its books": Point(daemon, "_ring", after=True, passes=1, at_start=True),
    "a start goes on with what was owed": Point(People, "enforce_freezes", passes=1, at_start=True),
}

CHAIN: dict[str, Point] = {  # on the way of a chain of Ethereum's kind alone
    "a nonce is given, its bytes are not in the ledger": Point(Wallet, "rungs", after=True),
    "one notary has signed for the chain": Point(Eip712Signer, "sign", after=True),
    "a node has the bytes, nobody knows": Point(Wallet, "submit", after=True),
}


SICK: Mapping[str, tuple[Point, Exception]] = {  # what fails, from the moment it is armed
    "the ledger's disk is full": (Point(SqliteStore, "_fence"), apsw.FullError("injected")),
    "the ledger's disk fails": (Point(SqliteStore, "_fence"), apsw.IOError("injected")),
    "no mark can be written": (Point(HighWater, "admit"), OSError(28, "no space is left")),
    "no vote can be written": (Point(FileVoteBook, "_sync"), OSError(5, "the disk is gone")),
}


def sicken(name: str, armed: Path) -> None:
    """Let a function of the product fail as its disk would."""
    point, error = SICK[name]
    real = getattr(point.owner, point.name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if armed.exists():
            raise error
        return real(*args, **kwargs)

    setattr(point.owner, point.name, wrapped)


def die() -> None:
    """End as a failing machine would."""
    os.kill(os.getpid(), signal.SIGKILL)


def passing(point: Point, passes: int, armed: Path) -> Callable[[], None]:
    """Return what counts the passes of a point, and kills at the last of them."""
    left = passes

    def seen() -> None:
        nonlocal left
        if point.at_start or armed.exists():
            left -= 1
            if not left:
                die()

    return seen


def condemn(point: Point, passes: int, armed: Path) -> None:
    """Wrap the product's function, so that its process dies at that pass of it."""
    real, seen = getattr(point.owner, point.name), passing(point, passes, armed)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            seen()
        told = real(*args, **kwargs)
        if point.after:
            seen()
        return told

    async def waited(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            seen()
        told = await real(*args, **kwargs)
        if point.after:
            seen()
        return told

    is_waited = asyncio.iscoroutinefunction(real)
    setattr(point.owner, point.name, waited if is_waited else wrapped)


def tear(passes: int, armed: Path) -> None:
    """Let a vote book write half of a vote, and die of it."""
    real, left = os.write, passes

    def torn(handle: int, data: bytes) -> int:
        nonlocal left
        if b'"settlement"' in data and armed.exists():
            left -= 1
            if not left:
                real(handle, data[: len(data) // 2])
                die()
        return real(handle, data)

    os.write = torn  # type: ignore[assignment]  # the product's own calls alone


def live(config: Path, name: str, passes: int) -> None:
    """Be a daemon until somebody, or the point, kills it."""
    armed = config.parent / ARMED
    if name == TORN:
        tear(passes, armed)
    elif name in SICK:
        sicken(name, armed)
    elif name:
        condemn((POINTS | CHAIN)[name], passes, armed)
    sys.argv = ["lianqiao", "up", "--config", str(config)]
    cli.main()


def main() -> None:
    """Live one life a line."""
    config = Path(sys.argv[1])
    for told in sys.stdin:
        passes, _, name = told.strip().partition(" ")
        child = os.fork()
        if not child:
            code = 1
            try:
                live(config, name, int(passes))
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                os._exit(code)
        sys.stdout.write(f"born {child}\n")
        sys.stdout.flush()
        _, code = os.waitpid(child, 0)
        sys.stdout.write(f"ended {os.waitstatus_to_exitcode(code)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
