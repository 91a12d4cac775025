"""Who may sign, line by line: each check of NotarySet is what stops one thing."""

import pytest
from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.contracts.code import artifact
from tests.adapters.evm.chain import GUARDIAN, STRANGER, Chain, Party, Reverted, in_order
from tests.adapters.evm.contracts.notaries import (
    ACT,
    GRACE,
    HALF_ORDER,
    NOTICE,
    ORDER,
    PEOPLE,
    SILENCE,
    Notaries,
)

FIVE = PEOPLE[:5]
NEXT = (*PEOPLE[:4], PEOPLE[5])  # one leaves, one joins


def refuses(says: str) -> "pytest.RaisesExc[Reverted]":
    return pytest.raises(Reverted, match=f"^{says}")


def malleable(signature: bytes) -> bytes:
    """The same signature in its other form: s from the upper half."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])


def test_as_many_as_must_sign_and_no_fewer() -> None:
    notaries = Notaries(Chain())
    for many in range(6):
        signed = notaries.signed(FIVE[:many])
        if many >= 3:
            notaries.verify(signed)
        else:
            with refuses(rf"TooFew\('{many}', '3'\)"):
                notaries.verify(signed)
    notaries.verify(notaries.signed(FIVE[2:]))
    with refuses(r"TooMany\('6', '5'\)"):
        notaries.verify(notaries.signed(PEOPLE[:6]))


@pytest.mark.parametrize("cut", [-1, 1])
def test_a_signature_is_65_bytes(cut: int) -> None:
    notaries = Notaries(Chain())
    signed = notaries.signed(FIVE[:4])
    with refuses("BadLength"):
        notaries.verify(signed[:cut] if cut < 0 else signed + b"\x1b")


def test_a_signature_has_one_form() -> None:
    """High s, or a strange v, or none at all: one such among enough good ones reverts all."""
    notaries = Notaries(Chain())
    good = [one.sign(ACT) for one in FIVE[:4]]
    for place in range(4):
        others = [*good]
        for bad in (
            malleable(good[place]),
            *(good[place][:64] + bytes([v]) for v in (0, 1, 26, 29, 255)),
            bytes(64) + b"\x1b",
        ):
            others[place] = bad
            with refuses(rf"BadSignature\('{place}'"):
                notaries.verify(b"".join(others))
    for s, says in ((HALF_ORDER, "NotASigner"), (HALF_ORDER + 1, "BadSignature")):
        edge = good[0][:32] + s.to_bytes(32, "big") + good[0][64:]
        with refuses(says):
            notaries.verify(edge + b"".join(good[1:]))


def test_signers_stand_in_order_and_once() -> None:
    notaries = Notaries(Chain())
    for people, place in (
        ((FIVE[0], FIVE[2], FIVE[1]), 2),
        ((FIVE[1], FIVE[0], FIVE[2]), 1),
        ((FIVE[0], FIVE[0], FIVE[1]), 1),
        ((FIVE[0], FIVE[1], FIVE[1]), 2),
        ((FIVE[0],) * 3, 1),
    ):
        with refuses(rf"OutOfOrder\('{place}'"):
            notaries.verify(notaries.signed(people))


def test_one_stranger_among_enough_reverts_all() -> None:
    notaries = Notaries(Chain())
    for others in (FIVE[:2], FIVE[:4]):
        people = in_order((*others, STRANGER))
        place = people.index(STRANGER)
        with refuses(rf"NotASigner\('{place}', '{STRANGER.address}'"):
            notaries.verify(notaries.signed(people))


def test_what_was_signed_is_what_is_asked() -> None:
    notaries = Notaries(Chain())
    with refuses("(NotASigner|OutOfOrder)"):
        notaries.verify(notaries.signed(FIVE[:3]), digest=bytes(32))


@pytest.mark.parametrize("epoch", [0, 2])
def test_an_epoch_nobody_made_signs_nothing(epoch: int) -> None:
    notaries = Notaries(Chain())
    with refuses(rf"UnknownEpoch\('{epoch}'"):
        notaries.verify(notaries.signed(FIVE[:3]), epoch=epoch)


def test_a_set_whose_threshold_was_lost_signs_nothing() -> None:
    """EX-06, EX-11: the floor stands where signatures are counted, not only where a set is made."""
    for threshold, size, stands in (
        (0, 5, False),
        (1, 1, False),
        (1, 5, False),
        (2, 4, False),
        (2, 5, False),
        (2, 3, True),
        (3, 5, True),
        (3, 6, False),
    ):
        notaries = Notaries(Chain())
        _spoil(notaries, threshold, size)
        signed = notaries.signed(FIVE[: max(threshold, 1)] if threshold else ())
        if stands:
            notaries.verify(signed)
            continue
        with refuses(rf"NoMajority\('{threshold}', '{size}'"):
            notaries.verify(signed)


def _spoil(notaries: Notaries, threshold: int, size: int) -> None:
    """Overwrite threshold and size of the first epoch in storage, as a bad upgrade once did."""
    at = artifact("NotarySet").storage["epochs"]
    first = int.from_bytes(keccak((1).to_bytes(32, "big") + at.to_bytes(32, "big")), "big")
    evm = notaries.chain.evm
    word = evm.storage(notaries.at, first)
    begins = word & ((1 << 64) - 1)
    packed = begins | threshold << 192 | size << 208
    evm.insert_account_storage(notaries.at, first, packed)
    assert notaries.epoch(1)[3:5] == (threshold, size)


@pytest.mark.parametrize(
    ("size", "threshold", "says"),
    [
        (0, 0, "NoMajority"),
        (1, 1, "NoMajority"),
        (2, 1, "NoMajority"),
        (2, 2, ""),
        (2, 3, "NoMajority"),
        (3, 1, "NoMajority"),
        (3, 2, ""),
        (4, 2, "NoMajority"),
        (4, 3, ""),
        (4, 4, ""),
        (4, 5, "NoMajority"),
        (32, 17, ""),
        (32, 16, "NoMajority"),
        (33, 17, "BadSet"),
    ],
)
def test_a_set_is_a_majority_of_at_most_32(size: int, threshold: int, says: str) -> None:
    if says:
        with refuses(says):
            Notaries(Chain(), PEOPLE[:size], threshold)
        return
    notaries = Notaries(Chain(), PEOPLE[:size], threshold)
    notaries.verify(notaries.signed(PEOPLE[:threshold]))
    (kept,) = notaries.chain.view(notaries.at, "signers", 1)
    assert kept == tuple(one.address for one in PEOPLE[:size])
    assert notaries.epoch(1) == (notaries.chain.now, 0, 0, threshold, size, 0)
    assert (notaries.number("latest"), notaries.number("standing")) == (1, 1)


def test_a_set_is_named_in_order_and_nobody_twice() -> None:
    for people in ((FIVE[1], FIVE[0], FIVE[2]), (FIVE[0], FIVE[0], FIVE[1])):
        with refuses(r"OutOfOrder\('1'"):
            Notaries(Chain(), people, 2)
    with refuses(r"OutOfOrder\('0'"):
        Notaries(Chain(), (_Zero("nobody"), *FIVE[:2]), 2)


class _Zero(Party):
    address = "0x" + "00" * 20


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
