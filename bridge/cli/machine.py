"""What a machine may refuse us: room on a disk, leave to write, an address; and what mends it."""

import errno
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote as quoted
from typing import Final

from bridge.cli.manners import DOWN, FAILED, USAGE, Stopped
from bridge.core.ids import RELEASED, RETIRED

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
DISK: Final = FULL | {errno.EIO, errno.EROFS}
HALF_MADE: Final = ".lianqiao-init"  # in a folder that is being filled; the first to come and go
FILLED: Final = frozenset({"keys", "data", "lianqiao.toml"})  # with what, and nothing else
LISTENS: Final = "0A"  # the state of a socket, as /proc/net/tcp writes it


def see_the_clock() -> None:
    """See that this machine's clock says a year in which this release can run. Errors: Stopped.

    What is written under a clock far ahead binds: a ledger's time never goes back.
    """
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed

    now_ms = SystemClock().now()
    if not RELEASED <= now_ms < RETIRED:
        says = datetime.fromtimestamp(now_ms / 1_000, UTC)
        raise Stopped(
            FAILED,
            "LQ-CLOCK",
            f"this machine's clock says {says:%Y-%m-%d %H:%M} UTC, when this release is not in use",
            cause="the clock was never set, or a battery is empty; nothing was written",
            following="timedatectl set-ntp true, then the same command",
        )


def is_of_a_file(error: OSError) -> bool:
    """Tell a file or a disk that cannot be used from an address: what mends them differs."""
    return error.filename is not None or error.errno in DISK


def unusable(error: OSError, folder: Path, following: str) -> Stopped:
    """Return what to say of a file in a folder that cannot be used, or a disk that is full."""
    said = f"{error.filename or folder}: {error.strerror or error}"
    if error.errno in FULL:
        cause = "the disk is full: make room on it"
    elif error.errno == errno.EROFS:
        cause = "the disk is mounted read-only"
    else:
        cause = "a file or folder cannot be used, by whom we run as"
    return Stopped(FAILED, "LQ-FILE", said, cause=cause, following=following)


def unwritten(error: Exception, following: str) -> Stopped:
    """Return what to say of a ledger that its disk does not take."""
    cause = "its disk is full, or fails: make room on it"
    return Stopped(FAILED, "LQ-LEDGER", str(error), cause=cause, following=following)


def taken(error: OSError, listen: str) -> Stopped:
    """Return what to say of an address that cannot be listened at, and who has it."""
    said, port = error.strerror or str(error), listen.rpartition(":")[2]
    holder = listener(int(port)) if port.isdecimal() else ""
    cause = f"{holder} listens there: stop it, or change api.listen" if holder else ""
    return Stopped(
        DOWN,
        "LQ-LISTEN",
        f"the daemon cannot listen at {listen}: {said}",
        cause=cause or "somebody listens there, or we may not: change api.listen",
        following="lianqiao config explain api.listen",
    )


def listener(port: int) -> str:
    """Return who listens at a port of this machine: a name and a process id; nothing if unseen."""
    sockets = set[str]()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", table).read_text("ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == LISTENS and int(words[1].rpartition(":")[2], 16) == port:
                    sockets.add(f"socket:[{words[9]}]")
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        with suppress(OSError):  # it has ended, or is of another user
            if any(str(one.readlink()) in sockets for one in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return ""


@contextmanager
def whole(folder: Path) -> Iterator[None]:
    """Have a folder hold all that the body makes in it, or be as it was before.

    A signal that asks us to stop is a failure of the body. Errors: Stopped, where something lies in
    the folder or another process fills it; whatever the body raises.
    """
    fresh = [one for one in (folder, *folder.parents) if not one.exists()]
    with _interrupted_by_every_stop():
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _claimed(folder):
                try:
                    yield
                except BaseException:
                    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                        _on(number, signal.SIG_IGN)  # it is the end already
                    _empty(folder)
                    raise
        except BaseException:
            for one in fresh:
                with suppress(OSError):  # somebody else put something there meanwhile
                    one.rmdir()
            raise


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold an empty folder that nobody else fills, marked as half made while the body lasts.

    What a killed start left is cleared first: nobody was told that it is made, and no daemon runs
    on it. Errors: Stopped.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _occupied(f"another start fills {folder} just now") from None
        there = {one.name for one in folder.iterdir()}
        if there and (HALF_MADE not in there or there - FILLED - {HALF_MADE}):
            raise _occupied(f"{folder} is not empty, and nothing is ever overwritten")
        _empty(folder)
        (folder / HALF_MADE).touch(0o600)
        os.fsync(handle)  # it may not come back once it is gone, nor be missed before
        yield
        (folder / HALF_MADE).unlink()
        os.fsync(handle)
    finally:
        os.close(handle)


def _occupied(why: str) -> Stopped:
    cause = "an installation takes a folder of its own"
    return Stopped(USAGE, "LQ-FOLDER", why, cause=cause, following="lianqiao init NEW_FOLDER")


def half_made(folder: Path) -> Stopped | None:
    """Return what to say of a folder whose start was killed while it filled it; None of others."""
    if not (folder / HALF_MADE).exists():
        return None
    return Stopped(
        FAILED,
        "LQ-HALF-MADE",
        f"{folder} is half made: what filled it was killed",
        cause="lianqiao init never said that it was made",
        following=f"lianqiao init {quoted(str(folder))}, which clears what was left there",
    )


def _empty(folder: Path) -> None:
    """Remove all there is, the mark of a half-made folder last."""
    for one in sorted(folder.iterdir(), key=lambda one: one.name == HALF_MADE):
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)


@contextmanager
def _interrupted_by_every_stop() -> Iterator[None]:
    """Within the block a SIGTERM or SIGHUP is what Ctrl-C is."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        _on(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, former in zip(numbers, before, strict=True):
            _on(number, former)


def _on(number: signal.Signals, what: object) -> None:
    if threading.current_thread() is threading.main_thread():  # no other may
        signal.signal(number, what)  # type: ignore[arg-type]  # as getsignal gives it
