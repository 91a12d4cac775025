"""Where a demo runs: its folder, marked, locked and perhaps kept, and the address it answers at."""

import fcntl
import os
import shlex
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bridge.cli.link import DEMO
from bridge.cli.machine import listener
from bridge.cli.manners import DOWN, FAILED, Stopped
from bridge.cli.wires import CASTS

MARK = DEMO  # only a folder with this file is ever reset; what it says was whole once
PORT, PORTS = 8420, 100


class Runs(Exception):
    """Raised where a demo runs in a folder; it says where its daemon answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the mark of a folder says of the demo that was kept there."""

    url: str
    wires: str

    def text(self) -> str:
        """Return the words of the mark."""
        return f"{self.url}\n{self.wires}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that is ours while we run: empty, or with a demo to take up."""

    folder: Path
    kept: Kept | None

    def is_whole(self, now: Kept) -> None:
        """Mark that all is there, once: from then on it may be kept."""
        if self.kept is None:
            with (self.folder / MARK).open("r+b") as mark:
                mark.write(now.text().encode())
                mark.flush()
                os.fsync(mark.fileno())


@contextmanager
def alone(*, once: bool) -> Iterator[str | Callable[[str], None]]:
    """Yield where a demo of this user answers already, else how to say where this one does.

    One that stops by itself is in nobody's way. Errors: Stopped, where somebody else was at the
    file that says so.
    """
    if once:
        yield lambda _: None
        return
    place = Path(tempfile.gettempdir()) / f"lianqiao-demo-{os.getuid()}"
    descriptor = _ours(place)

    def say(url: str) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, url.encode(), 0)

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield answers(os.pread(descriptor, 200, 0).decode())
    else:
        say("")
        yield say
    finally:
        os.close(descriptor)


def _ours(place: Path) -> int:
    """Open a file in a folder that everybody may write to. Errors: Stopped unless it is ours."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(place, flags, 0o600)
    except OSError:
        if os.path.lexists(place):  # a link, a folder, or a file of somebody else
            raise _not_ours(place) from None
        raise
    found = os.fstat(descriptor)
    is_ours = found.st_uid == os.getuid() and not found.st_mode & 0o077 and found.st_nlink == 1
    if not (stat.S_ISREG(found.st_mode) and is_ours):
        os.close(descriptor)
        raise _not_ours(place)
    return descriptor


def _not_ours(place: Path) -> Stopped:
    return Stopped(
        FAILED,
        "LQ-FILE",
        f"{place} is no file of ours alone, and a demo says there where it answers",
        cause="another user of this machine made it, or opened it, or a link lies there",
        following=f"rm -r {place}, or TMPDIR=DIR before the command, with a folder of your own",
    )


@contextmanager
def place_of(keep: Path | None, *, reset: bool) -> Iterator[Place]:
    """Yield a folder marked as a demo's, the mark locked for as long as the demo runs.

    What nobody asked to keep is removed at the end, and so is what was never whole: its mark says
    nothing yet. Errors: UsageError, Runs.
    """
    folder = keep.resolve() if keep is not None else Path(tempfile.mkdtemp(prefix="lianqiao-"))
    _see_it_can_be_one(folder)
    kept = _found(folder, reset=reset) if keep is not None else None
    mark, ours = folder / MARK, True
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (ours := _is_ours_alone(folder)):  # somebody made it since we looked
            raise _not_yours(folder)
        with mark.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # two looked at once
                ours = False
                raise Runs(answers(mark.read_text("utf-8"))) from None
            yield Place(folder=folder, kept=kept)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it is the end already
        if ours and (keep is None or not (mark.is_file() and mark.stat().st_size)):
            shutil.rmtree(folder, ignore_errors=True)


def _see_it_can_be_one(folder: Path) -> None:
    """See that a folder is there, or can be made. Errors: UsageError where a file lies instead."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    if not there.is_dir():
        raise click.UsageError(f"{there} is no folder: choose another")


def answers(words: str) -> str:
    """Return where the daemon of a demo answers, as its mark says in its first line."""
    url = words.partition("\n")[0]
    return f"its daemon answers at {url}" if url else "its daemon is still starting"


def _found(folder: Path, *, reset: bool) -> Kept | None:
    """Return the demo kept in a folder, or None where it is empty now.

    What was never whole is emptied as a reset does; a folder of anybody else, or of a running demo,
    is left alone. Errors: UsageError, Runs.
    """
    if not folder.exists():
        return None
    if not _is_ours_alone(folder):
        raise _not_yours(folder)
    if not any(folder.iterdir()):
        return None
    if not (folder / MARK).is_file():
        raise click.UsageError(f"{folder} is not a demo's folder: choose an empty one")
    with (folder / MARK).open("rb") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Runs(answers(mark.read().decode())) from None
        words = mark.read().decode()  # nobody writes it now
        url, _, wires = words.removesuffix("\n").partition("\n")
        if words and not reset:
            _see_it_comes_back(folder, wires)
            return Kept(url=url, wires=wires)
        shutil.rmtree(folder)
        return None


def _is_ours_alone(folder: Path) -> bool:
    found = folder.lstat()
    is_open = found.st_mode & stat.S_IWOTH
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not is_open


def _not_yours(folder: Path) -> click.UsageError:
    why = "another user may put there what would run with your rights"
    return click.UsageError(f"{folder} is not yours alone, {why}: choose another")


def _see_it_comes_back(folder: Path, wires: str) -> None:
    """See that what was kept can be taken up. Errors: UsageError."""
    if wires not in CASTS:
        raise click.UsageError(f"{folder} holds a demo of another release; --reset empties it")
    if not CASTS[wires].comes_back:
        why = f"{folder} holds a demo on {wires} wires, whose chain was in memory and is gone"
        raise click.UsageError(f"{why}; --reset empties it")


@contextmanager
def free_address() -> Iterator[str]:
    """Yield the usual address, or the next free one; no other demo takes it before it is used."""
    for port in range(PORT, PORT + PORTS):
        with socket.socket(socket.AF_UNIX) as taken:
            if _is_free(port, taken):
                yield f"tcp:localhost:{port}"
                return
    raise Stopped(
        DOWN,
        "LQ-LISTEN",
        f"the daemon of the demo finds no free port from {PORT} to {PORT + PORTS - 1}",
        cause=f"the first is taken by {listener(PORT) or 'somebody'}",
        following="ss -ltnp shows who has them; stop one, then lianqiao demo",
    )


@contextmanager
def same_address(place: Place, url: str) -> Iterator[str]:
    """Yield the address of before: settings and people know it. Errors: Stopped if it is taken."""
    port = int(url.rpartition(":")[2])
    with socket.socket(socket.AF_UNIX) as taken:
        if not _is_free(port, taken):
            folder = shlex.quote(str(place.folder))
            raise Stopped(
                DOWN,
                "LQ-LISTEN",
                f"the demo kept in {place.folder} answers at {url}, and that port is taken",
                cause=f"{listener(port) or 'somebody'} listens there",
                following=f"lianqiao down --folder {folder} if that is its own daemon, else stop "
                "who listens; then the same command",
            )
        yield f"tcp:localhost:{port}"


def _is_free(port: int, taken: socket.socket) -> bool:
    """Tell whether a port is free, and hold it against other demos as long as `taken` is open."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has ended is no listener
        try:
            if sys.platform == "linux":  # a name that is gone with its process
                taken.bind(f"\0lianqiao-demo-{port}")
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
