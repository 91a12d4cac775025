"""kill -9 in a loop over one ledger: what was acknowledged is there, numbers are dense."""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable

import pytest

from bridge.notary.fsck import fsck
from bridge.notary.recheck import recheck
from bridge.notary.store.sqlite import SqliteStore
from tests.notary.ledgers import draft

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("ledger_writer.py")


def killed(path: Path, first: int, after_s: float) -> list[int]:
    """Let a writer write, kill it that long after its first word, return what it acknowledged."""
    writer = subprocess.Popen(
        [sys.executable, str(WRITER), str(path), str(first)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert writer.stdout is not None
    said = writer.stdout.readline()
    time.sleep(after_s)
    writer.kill()
    said += writer.stdout.read()
    writer.wait()
    writer.stdout.close()
    whole = said[: said.rfind(b"\n") + 1]
    return [int(line) for line in whole.split()]


def sound(path: Path, acknowledged: list[int]) -> None:
    """A fresh start finds the ledger sound, and every acknowledged entry in it."""
    store = SqliteStore(path)
    recheck(store)
    assert fsck(store) == ()
    assert store.sound() == "ok"
    names = [draft(number, "transfer", {}).id for number in acknowledged]
    assert len(store.known(names)) == len(names)
    store.close()


def rounds(path: Path, count: int, seed: int) -> int:
    """Kill that many writers, one after the other; return how much was acknowledged."""
    chance, acknowledged = Random(seed), list[int]()
    for number in range(count):
        said = killed(path, 1_000 + number * 1_000_000, chance.uniform(0.0, 0.25))
        assert said, "a writer that acknowledges nothing tests nothing"
        acknowledged += said
        sound(path, acknowledged)
    return len(acknowledged)


def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path) -> None:
    assert rounds(tmp_path / "ledger.sqlite", 6, seed=1) > 50


@pytest.mark.long
def test_a_hundred_killed_writers_lose_nothing(tmp_path: Path) -> None:
    for seed in range(10):
        rounds(tmp_path / f"{seed}.sqlite", 10, seed=seed)
