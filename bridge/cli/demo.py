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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.drawing import Show, ticking
from bridge.cli.link import DEMO
from bridge.cli.machine import listener, see_the_clock
from bridge.cli.manners import DOWN, Stopped, ourselves
from bridge.cli.wires import CASTS, Process
from bridge.ports import AdapterError

if TYPE_CHECKING:
    from bridge.cli.stage import Stage

MARK = DEMO  # only a folder with this file is ever reset
PORT, PORTS = 8420, 100
PAUSE_S = 3  # between two settlements after the stories: time to read, and to kill something
FASTEST = 1_000
STARTING = "an address it is still looking for"
AGAIN_S = 3  # until what did not start is started once more
SHOWN = {  # what the closing block explains, by the story that shows it
    "settled": "clean",
    "held": "name-hit",
    "refunded": "time-out",
    "recovered": "killed",
}


@click.command()
@click.option("--once", is_flag=True, help="Tell the stories, then stop.")
@click.option("--story", "stories", multiple=True, metavar="NAME", help="Tell only this story.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table")
@click.option(
    "--wires",
    type=click.Choice(tuple(CASTS)),
    default="embedded",
    show_default=True,
    help="What it runs on; real is Fabric and anvil.",
)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    metavar="N",
    help="Afterwards, settle N times as often.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the state in this folder.")
@click.option("--reset", is_flag=True, help="Empty that folder first; a demo made it.")
def demo(
    *,
    once: bool,
    stories: tuple[str, ...],
    output: str,
    wires: str,
    speed: float,
    keep: Path | None,
    reset: bool,
) -> None:
    """Show settlements from order to rest. Without --once it goes on, and what you kill is back."""
    if wires != "real":  # whose tools fetch what they build from; all else is loopback,
        os.environ["SSL_CERT_FILE"] = os.devnull  # and to read it takes 35 ms a process
    from bridge.cli.stories import told_on  # noqa: PLC0415 loaded when it is asked for

    known = told_on(CASTS[wires])
    unknown = set(stories).difference(known)
    if unknown:
        raise click.UsageError(f"no story {', '.join(unknown)}; there are {', '.join(known)}")
    if not 0 < speed <= FASTEST:
        raise click.UsageError(f"--speed {speed}: more than 0, and {FASTEST} at most")
    if reset and keep is None:
        raise click.UsageError("--reset empties the folder of --keep: name it")
    see_the_clock()
    tell = Telling(
        show=Show(json=output == "json"),
        wires=wires,
        names=stories or known,
        pause_s=None if once else PAUSE_S / speed,
        is_kept=keep is not None,
    )
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: nothing is left half made
        signal.signal(number, signal.default_int_handler)
    try:
        code = _told(tell, keep, once=once, reset=reset)
    except Exception as error:
        from bridge.cli.endings import ending  # noqa: PLC0415 loaded when it is asked for

        place = keep if keep is not None else Path(os.environ.get("TMPDIR", "."))
        if (stopped := ending(error, place)) is None:
            raise
        raise stopped from error
    sys.exit(code)


def _told(tell: "Telling", keep: Path | None, *, once: bool, reset: bool) -> int:
    """Return the exit code once it was told, or where another demo tells already."""
    with _alone(once=once) as alone:
        if isinstance(alone, str):
            click.echo(f"a demo runs already: its daemon answers at {alone}; Ctrl-C there ends it")
            return 0
        try:
            with _folder(keep, reset=reset) as folder, free_address() as address:
                return asyncio.run(_run(tell, folder, address, alone))
        except Runs as running:
            if once or reset:
                raise click.UsageError(f"a demo runs in {keep}: choose another folder") from None
            click.echo(f"a demo runs there already: its daemon answers at {running}")
            return 0


class Runs(Exception):
    """Raised where a demo runs in a folder; it says where its daemon answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a demo is to do: `pause_s` between settlements after the stories, or None to stop."""

    show: Show
    wires: str
    names: tuple[str, ...]
    pause_s: float | None
    is_kept: bool


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
        yield os.pread(descriptor, 200, 0).decode() or STARTING
    else:
        say("")
        yield say
    finally:
        os.close(descriptor)


@contextmanager
def _folder(keep: Path | None, *, reset: bool) -> Iterator[Path]:
    """Yield an empty folder marked as a demo's, the mark locked for as long as the demo runs.

    What nobody asked to keep is removed at the end, and so is what was never ready: a mark says
    where the daemon answered. Errors: UsageError, Runs.
    """
    if keep is not None:
        _empty(keep.resolve(), reset=reset)
    folder = keep.resolve() if keep is not None else Path(tempfile.mkdtemp(prefix="lianqiao-"))
    mark, ours = folder / MARK, True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with mark.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # two found it empty at once
                ours = False
                raise Runs(mark.read_text() or STARTING) from None
            yield folder
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it is the end already
        if ours and (keep is None or not (mark.is_file() and mark.stat().st_size)):
            shutil.rmtree(folder, ignore_errors=True)


def _empty(folder: Path, *, reset: bool) -> None:
    """See that nothing lies there; a folder of anybody else, or of a running demo, is left alone.

    Errors: UsageError, Runs.
    """
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).is_file():
        raise click.UsageError(f"{folder} is not a demo's folder: choose an empty one")
    with (folder / MARK).open("rb") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Runs(mark.read().decode() or STARTING) from None
        if not reset:
            raise click.UsageError(f"{folder} holds a demo; --reset empties it")
        shutil.rmtree(folder)


@contextmanager
def free_address() -> Iterator[str]:
    """Yield the usual address, or the next free one; no other demo takes it before it is used."""
    for port in range(PORT, PORT + PORTS):
        with socket.socket() as probe, socket.socket(socket.AF_UNIX) as taken:
            try:
                if sys.platform == "linux":  # a name that is gone with its process
                    taken.bind(f"\0lianqiao-demo-{port}")
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            probe.close()
            yield f"tcp:localhost:{port}"
            return
    raise Stopped(
        DOWN,
        "LQ-LISTEN",
        f"the daemon of the demo finds no free port from {PORT} to {PORT + PORTS - 1}",
        cause=f"the first is taken by {listener(PORT) or 'somebody'}",
        following="ss -ltnp shows who has them; stop one, then lianqiao demo",
    )


async def _run(tell: Telling, folder: Path, address: str, running: Callable[[str], None]) -> int:
    """Tell the stories; where it is to go on running, say so and go on until it is stopped."""
    task, loop, failed = asyncio.current_task(), asyncio.get_running_loop(), 130
    assert task is not None, "it runs in one"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    from bridge.cli.stage import stage  # noqa: PLC0415 loaded when it is asked for

    show = tell.show
    with suppress(asyncio.CancelledError):  # the stage is taken down, whoever asked
        if tell.wires == "real":
            show.say("real wires: Fabric is built where it is not yet, once, in some three minutes")

        def answers(url: str) -> None:
            running(url)
            show.say(f"the daemon answers at {url}, its state is in {folder}")

        draw, begun = ticking(show)
        async with (
            stage(folder, address, CASTS[tell.wires], draw, answers) as built,
            asyncio.TaskGroup() as group,
        ):
            begun()
            (folder / MARK).write_text(built.daemon.url)  # it is whole, and may be kept
            keeping = [
                group.create_task(_keep_up(show, name, one))
                for name, one in built.processes.items()
            ]
            told, failed = await _tell_all(show, built, tell.names)
            _close(tell, built, told)
            if not failed and tell.pause_s is not None:
                await _settle(show, built, tell.pause_s)
            for one in keeping:
                one.cancel()
    return failed


async def _tell_all(
    show: Show, built: "Stage", names: tuple[str, ...]
) -> tuple[dict[str, str], int]:
    """Return the UETR of each story's settlement, and 1 where one did not end as told."""
    from bridge.cli.endings import see_it_written  # noqa: PLC0415 loaded when asked for
    from bridge.cli.stories import Ended, tell  # noqa: PLC0415 loaded when asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when asked for

    told: list[Ended] = []
    for serial, name in enumerate(names):
        try:
            ended = await tell(built, name, serial, show.draw)
        except NotAsTold as error:
            show.say(f"{name}: not as told: {error}")
            await see_it_written(built.desk)
            continue
        told.append(ended)
        show.say(ended.line())
    if show.json:
        stories = [ended.document() for ended in told]
        click.echo(json.dumps({"schema": "lianqiao.demo/1", "stories": stories}))
    return {ended.name: ended.uetr for ended in told}, 0 if len(told) == len(names) else 1


def _close(tell: Telling, built: "Stage", told: Mapping[str, str]) -> None:
    """Say which settlement explains what by which command, where the API is, what to do now."""
    us, where = ourselves(), shlex.quote(str(built.folder))
    if tell.pause_s is not None:
        token, url = shlex.quote(str(built.folder / "keys" / "token-li.wei")), built.daemon.url
        pids = ", ".join(f"{one.pid} ({name})" for name, one in built.processes.items())
        lines = [
            (what, f"{us} trace {told[name]} --folder {where}")
            for what, name in SHOWN.items()
            if name in told
        ]
        lines += [
            ("all", f"{us} ls settlements --folder {where}"),
            ("api", f'curl -H "Authorization: Bearer $(cat {token})" {url}/v1/settlements'),
            ("break", f"kill -9 any of {pids}"),
            ("", "what you kill is started again, and goes on"),
            ("stop", "Ctrl-C"),
        ]
    elif tell.is_kept:
        lines = [("check", f"{us} ledger fsck --folder {where}")]
    else:
        return  # it ends now, and nothing of it is left to ask
    if tell.is_kept:
        lines.append(("reset", f"{us} demo --keep {where} --reset"))
    for word, text in lines:
        tell.show.say(f"{word:<10}{text}")


async def _keep_up(show: Show, name: str, process: Process) -> None:
    """Start it again for ever where it ends: whoever killed it, it is as it was."""
    while True:
        code = await process.ended()
        show.say(f"the {name} ended (code {code}); starting it again")
        try:
            await process.start()
        except (AdapterError, Stopped) as error:
            show.say(f"the {name} does not start: {error}; once more in {AGAIN_S} s")
            await asyncio.sleep(AGAIN_S)
        else:
            show.say(f"the {name} is back, now process {process.pid}: what it owed, it does")


async def _settle(show: Show, built: "Stage", pause_s: float) -> None:
    """Settle on until it is asked to stop."""
    from aiohttp import ClientError  # noqa: PLC0415 loaded when it is asked for

    from bridge.cli.endings import see_it_written  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.stories import tell  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when it is asked for

    for serial in count(1_001):
        await asyncio.sleep(pause_s)
        try:
            ended = await tell(built, "clean", serial, show.draw)
        except NotAsTold as error:
            show.say(f"clean: not as told: {error}")
            with suppress(ClientError):  # it was killed, and is not back yet
                await see_it_written(built.desk)
            continue
        show.replace(ended.line())
