"""`lianqiao demo`: one process tree on loopback that shows what the product is for."""

import asyncio
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bridge.cli.child import Daemon, warmed
from bridge.cli.drawing import Show, ticking
from bridge.cli.kept import Kept, Place, Runs, alone, free_address, place_of, same_address
from bridge.cli.machine import see_the_clock
from bridge.cli.manners import FAILED, Stopped, ourselves
from bridge.cli.repertoire import told_on
from bridge.cli.wires import CASTS, Cast, Process, fetched
from bridge.ports import AdapterError, FinalityBroken

if TYPE_CHECKING:
    from bridge.cli.stage import Stage

PAUSE_S = 3  # between two settlements after the stories: time to read, and to kill something
FASTEST = 1_000
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
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    help="Keep its state here, or go on where it was.",
)
@click.option("--reset", is_flag=True, help="Empty that folder first; a demo made it.")
@click.pass_context
def demo(
    asked: click.Context,
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
    if not CASTS[wires].fetches:  # else tools fetch what they build from; all else is loopback,
        os.environ["SSL_CERT_FILE"] = os.devnull  # and to read it takes 35 ms a process
    known = told_on(CASTS[wires])
    unknown = set(stories).difference(known)
    if unknown:
        elsewhere = [each for each, cast in CASTS.items() if unknown <= {*told_on(cast)}]
        so = f"--wires {elsewhere[0]} tells it" if elsewhere else f"there are {', '.join(known)}"
        raise click.UsageError(f"no story {', '.join(unknown)} on {wires} wires; {so}")
    if not 0 < speed <= FASTEST:
        raise click.UsageError(f"--speed {speed}: more than 0, and {FASTEST} at most")
    if reset and keep is None:
        raise click.UsageError("--reset empties the folder of --keep: name it")
    see_the_clock()
    tell = Telling(
        show=Show(json=output == "json"),
        wires=wires,
        are_named=asked.get_parameter_source("wires") is not ParameterSource.DEFAULT,
        names=stories,
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
    with alone(once=once) as running:
        if isinstance(running, str):
            click.echo(f"a demo runs already: {running}; Ctrl-C there ends it")
            return 0
        try:
            with place_of(keep, reset=reset) as place:
                tell = tell.on(place.kept)
                with same_address(place, place.kept.url) if place.kept else free_address() as at:
                    return asyncio.run(_run(tell, place, at, running))
        except Runs as there:
            if once or reset:
                raise click.UsageError(f"a demo runs in {keep}: choose another folder") from None
            click.echo(f"a demo runs there already: {there}")
            return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a demo is to do: `pause_s` between settlements after the stories, or None to stop.

    Where `are_named`, somebody asked for these wires.
    """

    show: Show
    wires: str
    are_named: bool
    names: tuple[str, ...]
    pause_s: float | None
    is_kept: bool

    def on(self, kept: Kept | None) -> "Telling":
        """Return it for a new demo, which tells all, or a kept one, which tells what is asked.

        Errors: UsageError where it was kept on other wires, or cannot tell what is asked.
        """
        if kept is None:
            return replace(self, names=self.names or told_on(CASTS[self.wires]))
        if self.are_named and kept.wires != self.wires:
            why = f"what is kept there runs on {kept.wires} wires, not on {self.wires}"
            raise click.UsageError(f"{why}: leave out --wires, or --reset empties it")
        if unknown := set(self.names).difference(told_on(CASTS[kept.wires])):
            raise click.UsageError(f"no story {', '.join(unknown)} on {kept.wires} wires")
        return replace(self, wires=kept.wires)


async def _run(tell: Telling, place: Place, address: str, running: Callable[[str], None]) -> int:
    """Tell the stories; where it is to go on running, say so and go on until it is stopped."""
    task, loop, failed = asyncio.current_task(), asyncio.get_running_loop(), 130
    assert task is not None, "it runs in one"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, lambda: task.cancelling() or task.cancel())
    show, kept = tell.show, place.kept
    with suppress(asyncio.CancelledError):  # the stage is taken down, whoever asked
        if CASTS[tell.wires].fetches:
            for said in fetched(CASTS[tell.wires]):
                show.say(f"{tell.wires} wires: {said}")

        def answers(url: str) -> None:
            running(url)
            show.say(f"the daemon answers at {url}, its state is in {place.folder}")

        draw, begun = ticking(show)
        cast = CASTS[tell.wires]
        async with (
            warmed(Daemon(place.folder / "lianqiao.toml", cast.names)) as daemon,
            _staged(place, address, cast, draw, answers, daemon=daemon) as built,
            asyncio.TaskGroup() as group,
        ):
            begun()
            place.is_whole(Kept(url=built.daemon.url, wires=tell.wires))
            keeping = [
                group.create_task(_keep_up(show, name, one))
                for name, one in built.processes.items()
            ]
            numbers = count()
            if kept is not None:
                from bridge.cli.taken_up import lines_of, taken_up  # noqa: PLC0415

                found = await taken_up(built, show.draw)
                numbers = count(found.entries)  # of papers: more than were told of before
                for line in lines_of(found):
                    show.say(line)
            told, failed = await _tell_all(show, built, tell.names, numbers)
            _close(tell, built, told)
            if not failed and tell.pause_s is not None:
                await _settle(show, built, tell.pause_s, numbers)
            for one in keeping:
                one.cancel()
    return failed


def _staged(
    place: Place,
    address: str,
    cast: Cast,
    draw: Callable[[str], None],
    answers: Callable[[str], None],
    *,
    daemon: Daemon,
) -> AbstractAsyncContextManager["Stage"]:
    """Return the stage of a daemon that imports what it needs while we do."""
    from bridge.cli.stage import stage  # noqa: PLC0415

    kept = place.kept is not None
    return stage(place.folder, address, cast, draw, answers, is_kept=kept, daemon=daemon)


async def _tell_all(
    show: Show, built: "Stage", names: tuple[str, ...], numbers: Iterator[int]
) -> tuple[dict[str, str], int]:
    """Return the UETR of each story's settlement, and 1 where one did not end as told."""
    from bridge.cli.endings import see_it_written  # noqa: PLC0415 loaded when asked for
    from bridge.cli.stories import Ended, tell  # noqa: PLC0415 loaded when asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when asked for

    told: list[Ended] = []
    for name in names:
        try:
            ended = await tell(built, name, next(numbers), show.draw)
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
        if CASTS[tell.wires].comes_back:
            lines.append(("again", f"{us} demo --keep {where}"))
        else:
            lines.append(("kept", "its ledger; its chain ends with it, and nothing goes on there"))
        lines.append(("reset", f"{us} demo --keep {where} --reset --wires {tell.wires}"))
    for word, text in lines:
        tell.show.say(f"{word:<10}{text}")


async def _keep_up(show: Show, name: str, process: Process) -> None:
    """Start it again for ever where it ends: whoever killed it, it is as it was.

    Errors: Stopped where it would be another.
    """
    while True:
        code = await process.ended()
        show.say(f"the {name} ended (code {code}); starting it again")
        try:
            await process.start()
        except FinalityBroken as error:
            raise Stopped(
                FAILED,
                "LQ-DEMO",
                f"the {name} of the demo cannot be what it was: {error}",
                cause="it was changed by something else than transactions and blocks",
                following="lianqiao demo, which begins a new one",
            ) from error
        except (AdapterError, Stopped) as error:
            show.say(f"the {name} does not start: {error}; once more in {AGAIN_S} s")
            await asyncio.sleep(AGAIN_S)
        else:
            show.say(f"the {name} is back, now process {process.pid}: what it owed, it does")


async def _settle(show: Show, built: "Stage", pause_s: float, numbers: Iterator[int]) -> None:
    """Settle on until it is asked to stop."""
    from aiohttp import ClientError  # noqa: PLC0415 loaded when it is asked for

    from bridge.cli.endings import see_it_written  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.stories import tell  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.teller import NotAsTold  # noqa: PLC0415 loaded when it is asked for

    while True:
        await asyncio.sleep(pause_s)
        try:
            ended = await tell(built, "clean", next(numbers), show.draw)
        except NotAsTold as error:
            show.say(f"clean: not as told: {error}")
            with suppress(ClientError):  # it was killed, and is not back yet
                await see_it_written(built.desk)
            continue
        show.replace(ended.line())
