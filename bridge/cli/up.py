"""The daemon runs in the foreground, and is asked to stop: one process an installation."""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from bridge.cli.config import unloaded
from bridge.cli.link import Talk, spoken
from bridge.cli.machine import (
    half_made,
    is_of_a_file,
    see_the_clock,
    taken,
    unusable,
    unwritten,
)
from bridge.cli.manners import DOWN, FAILED, USAGE, Stopped, show

LOCK = "lianqiao.pid"  # locked while a daemon runs; what stands in it is its process id
STOP_S = 30


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="Else lianqiao.toml of the folder.")
@click.option("--on-stdin", is_flag=True, help="Begin at an empty line, stop where it ends.")
@spoken
def up(talk: Talk, config: Path | None, *, on_stdin: bool) -> None:
    """Run the daemon in the foreground until SIGINT or SIGTERM."""
    import asyncio  # noqa: PLC0415  loaded when needed

    from bridge.daemon import serve  # noqa: PLC0415
    from bridge.log import set_up  # noqa: PLC0415
    from bridge.notary.keys import BadKey  # noqa: PLC0415
    from bridge.notary.outcomes import Full, LedgerError, OtherLayout  # noqa: PLC0415
    from bridge.settings import BadSettings, load  # noqa: PLC0415

    file = config if config is not None else talk.folder / "lianqiao.toml"
    listen = ""
    if on_stdin and not _begun():
        return  # who was to begin it has gone
    _see_it_may_run(file.parent)
    try:
        settings = load(file)
        listen = settings.api.listen
        with _alone(file.parent / settings.data):
            set_up()
            run = serve(settings, file.parent, lambda url: click.echo(f"ready {url}"))
            asyncio.run(_until_eof(run) if on_stdin else run)
    except BadSettings as error:
        raise unloaded(error, file) from error
    except BadKey as error:
        raise Stopped(
            USAGE,
            "LQ-KEY",
            str(error),
            cause="a key file is missing, open to others, no key, or another than the ledger names",
            following="bring it back from where you keep it, then chmod 600; lianqiao doctor",
        ) from error
    except OtherLayout as error:
        raise Stopped(
            FAILED,
            "LQ-LEDGER-LAYOUT",
            str(error),
            cause="another release wrote it; nothing in it was changed",
            following="the release that wrote it, or lianqiao init in an empty folder",
        ) from error
    except Full as error:
        raise unwritten(error, "lianqiao doctor") from error
    except LedgerError as error:
        raise Stopped(
            FAILED,
            "LQ-LEDGER",
            f"{type(error).__name__}: {error}",
            cause="the disk failed, another daemon writes, or the file was changed by hand",
            following="lianqiao ledger fsck",
        ) from error
    except OSError as error:
        if is_of_a_file(error):
            raise unusable(error, file.parent, "lianqiao doctor") from error
        raise taken(error, listen) from error


def _see_it_may_run(folder: Path) -> None:
    """See that the clock can be right, and that the installation is whole. Errors: Stopped."""
    see_the_clock()
    if (half := half_made(folder)) is not None:
        raise half


def _begun() -> bool:
    """Wait for an empty line; a line before it names an adapter, which is loaded meanwhile.

    Return whether it came. An adapter that cannot be loaded is told of when it is to be opened.
    """
    from bridge import registry  # noqa: PLC0415  loaded when needed
    from bridge.ports import Adapter  # noqa: PLC0415

    while line := sys.stdin.readline():
        if not line.strip():
            return True
        with suppress(Exception):  # whatever is wrong with another's adapter
            found = registry.load(registry.ADAPTERS, line.strip())
            if isinstance(found, Adapter):
                found.loads()
    return False


async def _until_eof(run: Coroutine[None, None, None]) -> None:
    """Run what stops on SIGTERM, which comes where standard input ends."""
    import asyncio  # noqa: PLC0415  loaded when needed

    def read() -> None:
        if not os.read(0, 1024):
            loop.remove_reader(0)
            os.kill(os.getpid(), signal.SIGTERM)

    loop = asyncio.get_running_loop()
    loop.add_reader(0, read)
    await run


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the installation while the daemon runs. Errors: Stopped: another one does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = data / LOCK
    with _locked(file) as held:
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        try:
            yield
        finally:
            file.unlink(missing_ok=True)  # while it is locked: whoever waits sees that it is gone


def _locked(file: Path) -> TextIO:
    """Return the file, locked and still the one of that name. Errors: Stopped."""
    while True:
        held = file.open("a+", encoding="ascii")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.close()
            raise Stopped(
                FAILED,
                "LQ-RUNNING",
                "a daemon runs here already",
                cause="it was started before, perhaps as a service of the machine",
                following="lianqiao status",
            ) from error
        with suppress(FileNotFoundError):
            if file.stat().st_ino == os.fstat(held.fileno()).st_ino:
                return held
        held.close()  # the one who had it has just ended, and took the name away


@click.command()
@spoken
def down(talk: Talk) -> None:
    """Stop the daemon cleanly, and wait until it has."""
    files = [talk.folder / LOCK, talk.folder / "data" / LOCK]
    running = next((file for file in files if file.is_file() and _held(file)), None)
    if running is None:
        raise Stopped(
            DOWN,
            "LQ-DOWN",
            f"no daemon runs in {talk.folder}",
            cause="it was stopped already, or runs in another folder",
            following="lianqiao up",
        )
    os.kill(int(running.read_text("ascii")), signal.SIGTERM)
    until = time.monotonic() + STOP_S
    while _held(running):
        if time.monotonic() > until:
            raise Stopped(
                FAILED,
                "LQ-SLOW",
                f"it still runs after {STOP_S} s",
                cause="it waits for a disk or a network to answer",
                following="lianqiao down",
            )
        time.sleep(0.05)
    show(talk.form, "down", {"stopped": True}, lambda: ["stopped"])


def _held(file: Path) -> bool:
    """Tell whether a process holds the lock: a number in a file alone proves nothing."""
    try:
        with file.open("r", encoding="ascii") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False  # who had it has ended cleanly
    return False
