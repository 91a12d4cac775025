"""Who may sign, line by line: each check of NotarySet is what stops one thing."""

import pytest
from eth_hash.auto import keccak

from adapters.evm.contracts.code import artifact
from tests.adapters.evm.chain import STRANGER, Chain, Party, Reverted, in_order
from tests.adapters.evm.contracts.notaries import (
    ACT,
    HALF_ORDER,
    ORDER,
    PEOPLE,
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
