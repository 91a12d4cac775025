"""A gateway that was killed stands before the same ledger again: every byte, and what waited."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bsn.devnet.gateway import UPLOAD
from adapters.bsn.devnet.ledger import Ledger, proposal
from adapters.bsn.devnet.macs import SECP256R1
from adapters.bsn.devnet.stand import Stand, set_up
from adapters.bsn.devnet.tape import Tape
from adapters.conformance.exam import NOTARY_KEYS
from bridge.core.canonical import canonical

BLOCK_MS = 200
DEEDS = st.sampled_from(["order", "same", "later", "conflict", "rewrite", "kill"])


class Watch:
    """A clock that stands until it is moved."""

    ms = 1_800_000_000_000

    def now(self) -> int:
        return self.ms


def opened(file: Path, clock: Callable[[], int]) -> Stand:
    return set_up(
        clock,
        algorithm=SECP256R1,
        mode=UPLOAD,
        notaries=list(NOTARY_KEYS),
        threshold=2,
        names=["seller"],
        block_ms=BLOCK_MS,
        tape=Tape(file),
    )


def order(stand: Stand, number: int) -> None:
    """Part a unit off the seller's paper, as the state is now; it is in no block yet."""
    ledger, seller = stand.ledger, stand.holders["seller"]
    asset = stand.assets["seller"]
    words = {"asset": asset, "part": "", "last": ledger.lot(asset, "")["last"]}
    argument = canonical({**words, "into": f"part-{number}", "units": "1"})
    signed = proposal(
        secret=seller.secret,
        identity=seller.identity,
        nonce=number.to_bytes(24, "big"),
        time_ms=ledger.clock(),
        place=(ledger.channel, ledger.chaincode),
        words=(b"split", argument),
    )
    ledger.order(ledger.endorse(signed))


def shown(ledger: Ledger) -> object:
    """Everything that somebody could ask it, and what it has not cut yet."""
    return ledger.blocks, ledger.state, ledger.places, ledger.envelopes, ledger._pending


@settings(max_examples=25, deadline=None)
@given(st.lists(DEEDS, min_size=5, max_size=30))
def test_one_that_was_killed_at_any_moment_has_the_same_ledger(deeds: list[str]) -> None:
    with TemporaryDirectory() as folder:
        watch, file, numbers = Watch(), Path(folder) / "tape", count(1)
        stand = opened(file, watch.now)
        for deed in deeds:
            if deed == "order":
                order(stand, next(numbers))
            elif deed == "same":  # two on one state: the second does not become valid
                order(stand, next(numbers))
                order(stand, next(numbers))
            elif deed == "later":
                watch.ms += BLOCK_MS
                stand.ledger.advance()
            elif deed == "conflict":
                stand.ledger.bend()
            elif deed == "rewrite" and len(stand.ledger.blocks) > 4:
                stand.ledger.rewrite(1)
            elif deed == "kill":
                before = shown(stand.ledger)
                stand = opened(file, watch.now)
                assert shown(stand.ledger) == before
        assert shown(opened(file, watch.now).ledger) == shown(stand.ledger)


@pytest.mark.parametrize("back", [1, 2, 100, 2_000])
def test_half_a_last_line_is_dropped_wherever_it_was_torn(tmp_path: Path, back: int) -> None:
    watch, file = Watch(), tmp_path / "tape"
    stand = opened(file, watch.now)
    order(stand, 1)
    length, blocks = file.stat().st_size, len(stand.ledger.blocks)
    stand.ledger.cut()
    whole = file.read_bytes()
    assert len(whole) - back > length
    file.write_bytes(whole[:-back])
    again = opened(file, watch.now)
    assert len(again.ledger.blocks) == blocks
    assert len(again.ledger._pending) == 1
    again.ledger.cut()
    assert again.ledger.blocks[-1].hash == stand.ledger.blocks[-1].hash


def test_one_that_was_killed_before_it_was_ready_begins_anew(tmp_path: Path) -> None:
    watch, file = Watch(), tmp_path / "tape"
    opened(file, watch.now)
    lines = file.read_bytes().splitlines(keepends=True)
    for cut in range(0, len(lines) - 1, 3):
        file.write_bytes(b"".join(lines[:cut]))
        again = opened(file, watch.now)
        assert again.ledger.lot(again.assets["seller"], "")["units"] == "100"
        assert len(again.ledger.blocks) == 4  # genesis, configuration, enrolment, issue


def test_a_new_tape_is_in_its_folder_before_its_first_line(
    tmp_path: Path, synced: list[str]
) -> None:
    tape = Tape(tmp_path / "tape")
    tape.add({"n": 1})
    tape.close()
    assert synced == [str(tmp_path), str(tmp_path / "tape")]
