"""What a person sees while a command goes on: lines, and one that is drawn over."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import click

from bridge.cli.manners import draws


@dataclass(frozen=True, slots=True)
class Show:
    """What a person sees while it waits: on stderr where stdout is for a program."""

    json: bool

    def say(self, text: str) -> None:
        """Print a line, over the one being drawn."""
        click.echo(f"\r\x1b[K{text}" if self._drawing() else text, err=self.json)

    def draw(self, text: str) -> None:
        """Draw where a story stands, where lines may be drawn over."""
        if self._drawing():
            click.echo(f"\r\x1b[K{text}", nl=False, err=self.json)

    def replace(self, text: str) -> None:
        """Show a line in the place of the last such one, where lines may be drawn over."""
        (self.draw if self._drawing() else self.say)(text)

    def _drawing(self) -> bool:
        return draws(sys.stderr if self.json else sys.stdout)


def ticking(show: Show) -> tuple[Callable[[str], None], Callable[[], None]]:
    """Return how to say what is waited for, drawn with its seconds, and how to end that."""
    loop, text, since, ended = asyncio.get_running_loop(), "", time.monotonic(), False

    def draw(new: str) -> None:
        nonlocal text, since
        text, since = new, time.monotonic()
        show.draw(text)

    def tick() -> None:
        if not ended:
            show.draw(f"{text}, {time.monotonic() - since:.0f} s")
            loop.call_later(1, tick)

    def end() -> None:
        nonlocal ended
        ended = True

    loop.call_later(1, tick)
    return draw, end
