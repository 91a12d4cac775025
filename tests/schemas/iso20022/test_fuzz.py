"""Whatever the bytes, the judge answers: accepted, held or refused, soon, and with no exception."""

from pathlib import Path
from random import Random  # noqa: TID251 seeded by the case
from time import perf_counter, process_time

import pytest

from schemas.iso20022.findings import Outcome
from schemas.iso20022.judge import judge
from schemas.iso20022.profiles import PROFILES
from tests.schemas.iso20022.cases import ALL_RIGHT
from tests.schemas.iso20022.faults import AFTER
from tests.schemas.iso20022.test_envelope import mutated, sources

SOON_S = 0.05


def fuzz(bases: list[bytes], rounds: int) -> dict[Outcome, int]:
    """Judge mutations of the bases under every profile in turn; how often each outcome came."""
    profiles = list(PROFILES.values())
    seen = dict.fromkeys(Outcome, 0)
    late = 0
    for number in range(rounds):
        raw = mutated(bases[number % len(bases)], Random(number))
        profile = profiles[number % len(profiles)]
        began = perf_counter()
        verdict = judge(raw, profile, AFTER, is_outbound=bool(number % 2))
        if perf_counter() - began > SOON_S:  # the machine may have other work: once more, alone
            began = process_time()
            judge(raw, profile, AFTER, is_outbound=bool(number % 2))
            late += process_time() - began > SOON_S
        seen[verdict.outcome] += 1
    assert late <= rounds // 1000, f"{late} of {rounds} took longer than {SOON_S} s"
    return seen


def ours() -> list[bytes]:
    return [told.text.encode() for told in ALL_RIGHT.values()]


def test_a_mutated_message_is_judged() -> None:
    seen = fuzz(ours(), 5_000)
    assert min(seen[Outcome.ACCEPTED], seen[Outcome.REFUSED]) > 100


@pytest.mark.slow
def test_mutated_samples_are_judged(data_dir: Path) -> None:
    seen = fuzz(sources(data_dir) + ours(), 100_000)
    assert min(seen.values()) > 0


@pytest.mark.long
def test_mutated_samples_are_judged_for_long(data_dir: Path) -> None:
    seen = fuzz(sources(data_dir) + ours(), 1_000_000)
    assert min(seen.values()) > 0
