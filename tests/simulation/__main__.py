"""Replay one world: `python3 -m tests.simulation --seed 123`."""

import argparse
import sys
import time

from tests.simulation.bugs import BUGS
from tests.simulation.story import tell


def main() -> int:
    """Play the worlds asked for and print what became of them; 1 where something was violated."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=1, help="so many seeds, one after the other")
    parser.add_argument("--size", type=int, default=20, help="orders of a world")
    parser.add_argument("--tail", action="store_true", help="show what happened last")
    parser.add_argument("--bug", default="", choices=("", *BUGS), help="planted")
    asked = parser.parse_args()
    bad = 0
    for seed in range(asked.seed, asked.seed + asked.worlds):
        began = time.process_time()
        told = tell(seed, asked.size, bug=asked.bug)
        spent = time.process_time() - began
        print(
            f"seed {seed}: {told.settlements} settlements, {told.counts['crash']} crashes, "
            f"{told.entries} entries, {told.steps} steps, {told.virtual_s:.0f} virtual s, "
            f"{spent:.2f} s, root {told.root[:16]}"
        )
        for violation in told.violations:
            print("   VIOLATION", violation)
        bad += bool(told.violations)
        if asked.tail:
            print("\n".join(told.tail))
            print(dict(sorted(told.counts.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
