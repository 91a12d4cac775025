"""How a set follows a set: rotation with notice, a guardian's veto, recovery after silence."""

import pytest

from adapters.evm import calls
from tests.adapters.evm.chain import GUARDIAN, STRANGER, Chain, Party, Reverted, in_order
from tests.adapters.evm.contracts.notaries import (
    GRACE,
    NOTICE,
    PEOPLE,
    SILENCE,
    Notaries,
)

FIVE = PEOPLE[:5]
NEXT = (*PEOPLE[:4], PEOPLE[5])  # one leaves, one joins


def refuses(says: str) -> "pytest.RaisesExc[Reverted]":
    return pytest.raises(Reverted, match=f"^{says}")


def test_a_rotation_takes_force_when_it_said_and_the_old_set_has_its_hours_of_grace() -> None:
    notaries = Notaries(Chain())
    began = notaries.chain.now
    notaries.rotate(NEXT, closing=7)
    assert notaries.chain.events[-1].name == "Rotated"
    starts = began + NOTICE
    assert notaries.epoch(1) == (began, starts, 0, 3, 5, 0)
    assert notaries.epoch(2) == (starts, 0, 7, 3, 5, 0)
    assert (notaries.number("latest"), notaries.number("standing")) == (2, 2)
    old, new = notaries.signed(FIVE[:3]), notaries.signed((*NEXT[:2], NEXT[4]))
    with refuses("NotASigner"):
        notaries.verify(new)
    with refuses(r"EpochNotYet\('2'"):
        notaries.verify(new, epoch=2)
    notaries.chain.later(NOTICE - 1)
    notaries.verify(old, current=True)
    with refuses("EpochNotYet"):
        notaries.verify(new, epoch=2)
    notaries.chain.later(1)
    notaries.verify(new, epoch=2, current=True)
    notaries.verify(old)
    with refuses(r"EpochRetired\('1'"):
        notaries.verify(old, current=True)
    notaries.chain.later(GRACE - 1)
    notaries.verify(old)
    notaries.chain.later(1)
    with refuses("EpochRetired"):
        notaries.verify(old)
    notaries.verify(new, epoch=2, current=True)


def test_a_rotation_is_two_days_ahead() -> None:
    """EX-21: a set is never changed without notice."""
    notaries = Notaries(Chain())
    with refuses("TooSoon"):
        notaries.rotate(NEXT, ahead=NOTICE - 1)
    notaries.rotate(NEXT, ahead=NOTICE)


@pytest.mark.parametrize("told", [{"threshold": 4}, {"begins": 1_800_000_000}, {"closing": 1}])
def test_every_word_of_a_rotation_is_signed(told: dict[str, int]) -> None:
    notaries = Notaries(Chain())
    with refuses("(NotASigner|OutOfOrder)"):
        notaries.rotate(NEXT, told=told)
    for words in ({"number": 1}, {"number": 3}, {"by": 0}, {"by": 2}):
        with refuses("(NotASigner|OutOfOrder)"):
            notaries.rotate(NEXT, **words)  # type: ignore[arg-type]
    assert notaries.number("latest") == 1


def test_a_rotation_names_whom_the_old_set_signed_for() -> None:
    notaries = Notaries(Chain())
    digest = notaries.rotation(
        NEXT, number=2, threshold=3, begins=notaries.chain.now + NOTICE, closing=0, by=1
    )
    other = (*PEOPLE[:4], PEOPLE[6])
    with refuses("(NotASigner|OutOfOrder)"):
        _bring(notaries, other, notaries.signed(FIVE[:3], digest))
    _bring(notaries, NEXT, notaries.signed(FIVE[:3], digest))


def _bring(notaries: Notaries, new: tuple[Party, ...], sigs: bytes) -> None:
    words = (3, notaries.chain.now + NOTICE, 0, sigs)
    data = calls.call("NotarySet", "rotate", [one.address for one in new], *words)
    notaries.chain.send(STRANGER, notaries.at, data)


def test_a_rotation_needs_the_set_that_stands() -> None:
    notaries = Notaries(Chain())
    with refuses("TooFew"):
        notaries.rotate(NEXT, signers=FIVE[:2])
    with refuses("NotASigner"):
        notaries.rotate(NEXT, signers=in_order((*FIVE[:2], STRANGER)))
    notaries.rotate(NEXT)
    with refuses("RotationPending"):
        notaries.rotate(FIVE, number=3, by=2)
    notaries.chain.later(NOTICE - 1)
    with refuses("RotationPending"):
        notaries.rotate(FIVE, number=3, by=2)
    notaries.chain.later(1)
    with refuses("NotASigner"):  # who left signs no rotation
        notaries.rotate(FIVE, number=3, by=2, signers=in_order((*FIVE[:2], FIVE[4])))
    notaries.rotate(FIVE, number=3, by=2)


def test_the_ledger_never_closes_an_epoch_before_the_one_it_follows() -> None:
    notaries = Notaries(Chain())
    notaries.rotate(NEXT, closing=10)
    notaries.chain.later(NOTICE)
    with refuses("BadSet"):
        notaries.rotate(FIVE, number=3, by=2, closing=9)
    notaries.rotate(FIVE, number=3, by=2, closing=10)


@pytest.mark.parametrize(
    ("before", "after", "stands"),
    [
        (PEOPLE[:5], PEOPLE[1:6], True),  # one of five leaves and one joins
        (PEOPLE[:5], PEOPLE[2:7], False),  # two of five
        (PEOPLE[:5], PEOPLE[:4], True),
        (PEOPLE[:5], PEOPLE[:3], False),
        (PEOPLE[:6], PEOPLE[:4], True),  # exactly a third leaves
        (PEOPLE[:6], PEOPLE[:3], False),
        (PEOPLE[:4], PEOPLE[:6], True),  # exactly a third has joined
        (PEOPLE[:4], PEOPLE[:7], False),
        (PEOPLE[:3], PEOPLE[1:4], True),
    ],
)
def test_at_most_a_third_leaves_and_a_third_joins(
    before: tuple[Party, ...], after: tuple[Party, ...], stands: bool
) -> None:
    """EX-21: nor is a set changed at a stroke."""
    notaries = Notaries(Chain(), before, len(before) // 2 + 1)
    threshold = len(after) // 2 + 1
    if stands:
        notaries.rotate(after, threshold=threshold)
    else:
        with refuses("TooDifferent"):
            notaries.rotate(after, threshold=threshold)


def test_a_new_set_is_a_majority_too() -> None:
    notaries = Notaries(Chain())
    with refuses("NoMajority"):
        notaries.rotate(NEXT, threshold=2)
    with refuses("OutOfOrder"):
        notaries.rotate((*NEXT[:3], NEXT[4], NEXT[3]))


def test_the_guardian_stops_a_rotation_until_it_is_in_force() -> None:
    notaries = Notaries(Chain())
    notaries.rotate(NEXT)
    for epoch in (0, 1, 3):
        with refuses(rf"UnknownEpoch\('{epoch}'"):
            notaries.veto(epoch)
    with refuses("NotGuardian"):
        notaries.veto(2, by=STRANGER)
    notaries.chain.later(NOTICE - 1)
    notaries.veto(2)
    assert notaries.chain.events[-1].name == "RotationVetoed"
    assert (notaries.number("latest"), notaries.number("standing")) == (2, 1)
    notaries.chain.later(GRACE + NOTICE)
    with refuses(r"EpochVetoed\('2'"):
        notaries.verify(notaries.signed(NEXT[:3]), epoch=2)
    notaries.verify(notaries.signed(FIVE[:3]), current=True)  # the set before it goes on
    with refuses("UnknownEpoch"):
        notaries.veto(2)


@pytest.mark.parametrize("late", [0, 1])
def test_what_is_in_force_is_not_stopped(late: int) -> None:
    notaries = Notaries(Chain())
    with refuses("TooSoon"):
        notaries.veto(1)
    notaries.rotate(NEXT)
    notaries.chain.later(NOTICE + late)
    with refuses("TooSoon"):
        notaries.veto(2)
    notaries.verify(notaries.signed(NEXT[:3]), epoch=2)


def test_a_second_rotation_that_is_stopped_goes_back_past_the_first() -> None:
    notaries = Notaries(Chain())
    notaries.rotate(NEXT)
    notaries.veto(2)
    with refuses("(NotASigner|OutOfOrder)"):  # what was stopped is not brought again
        notaries.rotate(NEXT)
    notaries.rotate(NEXT, number=3)
    notaries.veto(3)
    assert (notaries.number("latest"), notaries.number("standing")) == (3, 1)
    notaries.chain.later(2 * NOTICE)
    notaries.verify(notaries.signed(FIVE[:3]), current=True)
    notaries.rotate(NEXT, number=4)
    assert notaries.epoch(1)[1] == notaries.chain.now + NOTICE


def test_a_lost_set_is_replaced_only_after_thirty_days_of_silence() -> None:
    chain = Chain()
    notaries = Notaries(chain, anchored=chain.now)
    chain.later(SILENCE - 1)
    with refuses("TooSoon"):
        notaries.recover(PEOPLE[10:15])
    chain.later(1)
    with refuses("NotGovernor"):
        notaries.recover(PEOPLE[10:15], by=GUARDIAN)
    with refuses("NoMajority"):
        notaries.recover(PEOPLE[10:15], threshold=2)
    notaries.recover(PEOPLE[10:15])
    assert chain.events[-1].name == "Rotated"
    starts = chain.now + NOTICE
    assert notaries.epoch(1)[1] == starts
    assert notaries.epoch(2) == (starts, 0, 0, 3, 5, 0)
    with refuses("RotationPending"):
        notaries.recover(PEOPLE[20:25])
    chain.later(NOTICE - 1)
    with refuses("RotationPending"):
        notaries.recover(PEOPLE[20:25])
    chain.later(1)
    notaries.verify(notaries.signed(PEOPLE[10:13]), epoch=2, current=True)
    notaries.recover(PEOPLE[20:25])


def test_a_recovery_keeps_where_the_ledger_closed() -> None:
    chain = Chain()
    notaries = Notaries(chain, anchored=chain.now)
    notaries.rotate(NEXT, closing=12)
    chain.later(SILENCE)
    notaries.recover(PEOPLE[10:15])
    assert notaries.epoch(3)[2] == 12


def test_without_an_anchor_nobody_recovers() -> None:
    notaries = Notaries(Chain())
    notaries.chain.later(1_000 * SILENCE)
    with refuses("TooSoon"):
        notaries.recover(PEOPLE[10:15])


def test_after_two_that_were_stopped_the_set_in_force_goes_on_and_not_the_first() -> None:
    notaries = Notaries(Chain())
    notaries.rotate(NEXT)
    notaries.chain.later(NOTICE)
    for number in (3, 4):
        notaries.rotate(FIVE, number=number, by=2, signers=NEXT[:3])
        notaries.veto(number)
    assert (notaries.number("latest"), notaries.number("standing")) == (4, 2)
    notaries.chain.later(NOTICE + GRACE)
    notaries.verify(notaries.signed(NEXT[:3]), epoch=2, current=True)
