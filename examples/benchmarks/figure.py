"""A figure: ours, what it is compared with, and its unit; and how two things are timed fairly."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Given:
    """What a benchmark may use: the folder of outside data, if given, and a scratch folder.

    `long`: the largest size is asked for, whatever it takes.
    """

    data: Path | None
    scratch: Path
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measurement.

    Units: `unit` is of `ours` and `theirs`; `baseline` says in words what `theirs` is: a peer in
    the same run, or the bar. `theirs` is None where there is nothing to compare with.
    """

    name: str
    ours: float
    theirs: float | None
    baseline: str
    unit: str

    @property
    def ratio(self) -> float | None:
        """Ours over theirs: above one is better for a rate, below one for a time or a size."""
        return self.ours / self.theirs if self.theirs else None


def side_by_side(
    ours: Callable[[], object], theirs: Callable[[], object], *, work: int, rounds: int = 9
) -> tuple[float, float]:
    """The two rates, in units of `work` a second of CPU, each the best of its rounds.

    They take turns, so that what else the machine does falls on both.
    """
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for which, run in enumerate((ours, theirs)):
            began = time.process_time()
            run()
            best[which] = min(best[which], time.process_time() - began)
    return work / best[0], work / best[1]
