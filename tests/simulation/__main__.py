"""Replay one world: `python3 -m tests.simulation --seed 123`; sweep many: `--seeds 1000:2000`."""

import argparse
import sys
import time
from collections import Counter

from tests.simulation.bugs import BUGS, WEATHERS
from tests.simulation.story import tell


def _span(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end))


def main() -> int:
    """Play the worlds asked for and print what became of them; 1 where something was violated."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=1, help="so many seeds, one after the other")
    parser.add_argument("--seeds", type=_span, help="A:B, from A up to and without B; their sum")
    parser.add_argument("--size", type=int, default=20, help="orders of a world")
    parser.add_argument("--tail", action="store_true", help="show what happened last")
    parser.add_argument("--bug", default="", choices=("", *BUGS), help="planted")
    parser.add_argument("--under", default="", choices=("", *WEATHERS), help="a bug's weather")
    asked = parser.parse_args()
    bad, settled, met, start = 0, 0, Counter[str](), time.monotonic()
    seeds = asked.seeds or range(asked.seed, asked.seed + asked.worlds)
    for seed in seeds:
        began = time.process_time()
        told = tell(seed, asked.size, bug=asked.bug, under=asked.under)
        spent = time.process_time() - began
        print(
            f"seed {seed}: {told.settlements} settlements, {told.counts['crash']} crashes, "
            f"{told.entries} entries, {told.steps} steps, {told.virtual_s:.0f} virtual s, "
            f"{spent:.2f} s, root {told.root[:16]}",
            flush=True,
        )
        settled += told.settlements
        met += told.counts
        for violation in told.violations:
            print("   VIOLATION", violation)
        bad += bool(told.violations)
        if asked.tail:
            print("\n".join(told.tail))
            print(dict(sorted(told.counts.items())))
    if len(seeds) > 1:
        print(
            f"{len(seeds)} worlds, {settled} settlements, {met['crash']} crashes, "
            f"{bad} worlds with violations, {time.monotonic() - start:.0f} s"
        )
        print(dict(sorted(met.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
