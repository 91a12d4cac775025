"""`lianqiao demo`: one process tree on loopback that shows what the product is for."""

import asyncio
import json
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import click

MARK = ".lianqiao-demo"  # only a folder with this file is ever reset
PORT = 8420


@click.command()
@click.option("--once", is_flag=True, help="Tell the stories, then stop.")
@click.option("--story", "stories", multiple=True, metavar="NAME", help="Tell only this story.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the state in this folder.")
@click.option("--reset", is_flag=True, help="Empty the folder of --keep first, if a demo made it.")
def demo(
    *, once: bool, stories: tuple[str, ...], output: str, keep: Path | None, reset: bool
) -> None:
    """Show settlements from order to rest: clean, held, frozen, given back, recalled, killed."""
    from bridge.cli.stories import STORIES  # noqa: PLC0415 loaded when it is asked for

    unknown = set(stories) - STORIES.keys()
    if unknown:
        raise click.UsageError(f"no story {', '.join(unknown)}; there are {', '.join(STORIES)}")
    folder = _folder(keep, reset=reset)
    try:
        code = asyncio.run(_run(folder, stories or tuple(STORIES), once=once, output=output))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


def _folder(keep: Path | None, *, reset: bool) -> Path:
    """Return an empty folder marked as a demo's; one of anybody else is left alone."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="lianqiao-"))
    else:
        folder = keep.resolve()
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARK).is_file():
                raise click.UsageError(f"{folder} is not a demo's folder: choose an empty one")
            if not reset:
                raise click.UsageError(f"{folder} holds a demo; --reset empties it")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return folder


def _listen() -> str:
    """Return the usual address, or the next free one."""
    for port in range(PORT, PORT + 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return f"tcp:localhost:{port}"
    raise click.ClickException("no free port from 8420 to 8519")


async def _run(folder: Path, names: tuple[str, ...], *, once: bool, output: str) -> int:
    from bridge.cli.stage import stage  # noqa: PLC0415 loaded when it is asked for
    from bridge.cli.stories import NotAsTold, tell  # noqa: PLC0415 likewise

    told: list[dict[str, str]] = []
    failed = 0
    async with stage(folder, _listen()) as built:
        _say(f"the daemon answers at {built.daemon.url}, its state is in {folder}", output)
        for serial, name in enumerate(names):
            try:
                ended = await tell(built, name, serial)
            except NotAsTold as error:
                failed += 1
                click.echo(f"{name}: not as told: {error}", err=True)
                continue
            line = {
                "name": ended.name,
                "settlement": ended.settlement,
                "uetr": ended.uetr,
                "stage": ended.stage,
                "seconds": ended.seconds,
            }
            told.append(line)
            _say(f"{ended.name:<22}{ended.stage:<10}{ended.seconds:>6} s  {ended.uetr}", output)
        if output == "json":
            click.echo(json.dumps({"schema": "lianqiao.demo/1", "stories": told}))
        if not once and not failed:
            _say(f"look    lianqiao trace {told[0]['uetr'][:8]}… --data {folder / 'data'}", output)
            _say("stop    Ctrl-C", output)
            stopping = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stopping.set)
            await stopping.wait()
    return 1 if failed else 0


def _say(text: str, output: str) -> None:
    click.echo(text, err=output == "json")
