"""`lianqiao demo`: one process tree on loopback that shows what the product is for."""

import asyncio
import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.wires import CASTS

if TYPE_CHECKING:
    from bridge.cli.stage import Stage

MARK = ".lianqiao-demo"  # only a folder with this file is ever reset
PORT = 8420
PAUSE_S = 3  # between two settlements after the stories: time to read, and to kill the daemon


@click.command()
@click.option("--once", is_flag=True, help="Tell the stories, then stop.")
@click.option("--story", "stories", multiple=True, metavar="NAME", help="Tell only this story.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table")
@click.option(
    "--wires",
    type=click.Choice(tuple(CASTS)),
    default="embedded",
    show_default=True,
    help="What it runs on; memory, the reference networks, is the quickest.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the state in this folder.")
@click.option("--reset", is_flag=True, help="Empty the folder of --keep first, if a demo made it.")
def demo(
    *,
    once: bool,
    stories: tuple[str, ...],
    output: str,
    wires: str,
    keep: Path | None,
    reset: bool,
) -> None:
    """Show settlements from order to rest: clean, held, frozen, given back, recalled, killed.

    Without --once it goes on settling, and starts the daemon again when you kill it.
    """
    from bridge.cli.stories import told_on  # noqa: PLC0415 loaded when it is asked for

    known = told_on(CASTS[wires])
    unknown = set(stories).difference(known)
    if unknown:
        raise click.UsageError(f"no story {', '.join(unknown)}; there are {', '.join(known)}")
    if reset and keep is None:
        raise click.UsageError("--reset empties the folder of --keep: name it")
    names, show = stories or known, Show(json=output == "json")
    with _alone(once=once) as alone:
        if isinstance(alone, str):
            click.echo(f"a demo runs already: its daemon answers at {alone}")
            return
        with _folder(keep, reset=reset) as folder:
            code = asyncio.run(_run(show, folder, wires, names, None if once else alone))
    sys.exit(code)


@dataclass(frozen=True, slots=True)
class Show:
    """What a person sees while it waits: on stderr where stdout is for a program."""

    json: bool

    def say(self, text: str) -> None:
        """Print a line, over the one being drawn."""
        click.echo(f"\r\x1b[K{text}" if self._drawing() else text, err=self.json)

    def draw(self, text: str) -> None:
        """Draw where a story stands, on a terminal only."""
        if self._drawing():
            click.echo(f"\r\x1b[K{text}", nl=False, err=self.json)

    def _drawing(self) -> bool:
        return (sys.stderr if self.json else sys.stdout).isatty()


@contextmanager
def _alone(*, once: bool) -> Iterator[str | Callable[[str], None]]:
    """Yield where a demo of this user answers already, else how to say where this one does.

    One that stops by itself is in nobody's way.
    """
    if once:
        yield lambda _: None
        return
    place = Path(tempfile.gettempdir()) / f"lianqiao-demo-{os.getuid()}"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)

    def say(url: str) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, url.encode(), 0)

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield os.pread(descriptor, 200, 0).decode() or "an address it is still looking for"
    else:
        say("")
        yield say
    finally:
        os.close(descriptor)


@contextmanager
def _folder(keep: Path | None, *, reset: bool) -> Iterator[Path]:
    """Yield an empty folder marked as a demo's, the mark locked for as long as the demo runs."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="lianqiao-"))
    else:
        folder = keep.resolve()
        _empty(folder, reset=reset)
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with (folder / MARK).open("ab") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            yield folder
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, *, reset: bool) -> None:
    """See that nothing lies there; a folder of anybody else, or of a running demo, is left alone.

    Errors: UsageError.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).is_file():
        raise click.UsageError(f"{folder} is not a demo's folder: choose an empty one")
    with (folder / MARK).open("rb") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.UsageError(f"a demo runs in {folder}: choose another folder") from None
        if not reset:
            raise click.UsageError(f"{folder} holds a demo; --reset empties it")
        shutil.rmtree(folder)


def free_address() -> str:
    """Return the usual address, or the next free one."""
    for port in range(PORT, PORT + 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"tcp:localhost:{port}"
    raise click.ClickException("no free port from 8420 to 8519")


async def _run(
    show: Show,
    folder: Path,
    wires: str,
    names: tuple[str, ...],
    running: Callable[[str], None] | None,
) -> int:
    """Tell the stories; where it is to go on running, say so and go on until it is stopped."""
    from bridge.cli.stage import stage  # noqa: PLC0415 loaded when it is asked for

    task, loop, failed = asyncio.current_task(), asyncio.get_running_loop(), 130
    assert task is not None, "it runs in one"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):  # the stage is taken down, whoever asked
        show.draw("starting two networks, a bank and the daemon")
        async with stage(folder, free_address(), CASTS[wires]) as built:
            show.say(f"the daemon answers at {built.daemon.url}, its state is in {folder}")
            if running is not None:
                running(built.daemon.url)
            uetr, failed = await _tell_all(show, built, names)
            if running is not None and not failed:
                await _go_on(show, built, uetr)
    return failed


async def _tell_all(show: Show, built: "Stage", names: tuple[str, ...]) -> tuple[str, int]:
    """Return the first settlement's UETR, and 1 where a story did not end as told."""
    from bridge.cli.stories import Ended, tell  # noqa: PLC0415 loaded when asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when asked for

    told: list[Ended] = []
    for serial, name in enumerate(names):
        try:
            ended = await tell(built, name, serial, show.draw)
        except NotAsTold as error:
            show.say(f"{name}: not as told: {error}")
            continue
        told.append(ended)
        show.say(ended.line())
    if show.json:
        stories = [ended.document() for ended in told]
        click.echo(json.dumps({"schema": "lianqiao.demo/1", "stories": stories}))
    return (told[0].uetr if told else ""), 0 if len(told) == len(names) else 1


def _ourselves() -> str:
    """Return what to type for this program: it may run from a tree that nobody installed."""
    installed = Path(sys.argv[0]).name == "lianqiao"
    return "lianqiao" if installed else "python3 -m bridge"


async def _go_on(show: Show, built: "Stage", uetr: str) -> None:
    """Settle on until it is asked to stop; a daemon that dies is started again."""
    us, where = _ourselves(), f"--folder {shlex.quote(str(built.folder))}"
    child = built.daemon.child
    assert child is not None, "it runs"
    for line in (
        f"look    {us} trace {uetr} {where}",
        f"        {us} ls settlements {where}",
        f"break   kill -9 {child.pid}   (the daemon: it is started again, and goes on)",
        "stop    Ctrl-C",
    ):
        show.say(line)
    async with asyncio.TaskGroup() as group:
        group.create_task(_keep_up(show, built))
        group.create_task(_settle(show, built))


async def _keep_up(show: Show, built: "Stage") -> None:
    while True:
        child = built.daemon.child
        assert child is not None, "it runs"
        code = await child.wait()
        show.say(f"the daemon ended (code {code}); starting it again")
        await built.daemon.start()
        again = built.daemon.child
        assert again is not None, "it runs"
        show.say(f"the daemon is back, now process {again.pid}: what it owed, it does")


async def _settle(show: Show, built: "Stage") -> None:
    from bridge.cli.stories import tell  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when it is asked for

    serial = 1_000
    while True:
        await asyncio.sleep(PAUSE_S)
        serial += 1
        try:
            ended = await tell(built, "clean", serial, show.draw)
        except NotAsTold as error:
            show.say(f"clean: not as told: {error}")
            continue
        show.say(ended.line())
