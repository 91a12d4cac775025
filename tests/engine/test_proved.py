"""What evidence proved is known for a while, and the evidence itself is not held."""

import gc
from sys import getrefcount

import pytest

from bridge.core.events import Fact
from bridge.engine.proved import remembering
from bridge.ports import Unproved


def test_evidence_is_verified_once_and_the_oldest_again() -> None:
    asked: list[bytes] = []

    def verify(evidence: bytes) -> tuple[Fact, ...]:
        asked.append(evidence)
        return ()

    verified = remembering(verify, 2)
    for evidence in (b"one", b"two", b"one", b"three", b"one", b"two"):
        assert verified(evidence) == ()
    assert asked == [b"one", b"two", b"three", b"two"]


def test_what_was_unproved_is_asked_again() -> None:
    asked: list[bytes] = []

    def verify(evidence: bytes) -> tuple[Fact, ...]:
        asked.append(evidence)
        raise Unproved("no")

    verified = remembering(verify, 2)
    for _ in range(2):
        with pytest.raises(Unproved):
            verified(b"one")
    assert asked == [b"one", b"one"]


def test_the_evidence_is_not_held() -> None:
    evidence = bytes(100_000)
    verified = remembering(lambda _: (), 2)
    before = getrefcount(evidence)
    verified(evidence)
    gc.collect()
    assert getrefcount(evidence) == before
