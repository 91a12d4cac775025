"""How a holder says yes to a lock: by sending it, by a signature, or through their own contract."""

import pytest
from pyrevm import AccountInfo

from adapters.evm import calls
from adapters.evm.ticket import Ticket, digest
from tests.adapters.evm.chain import (
    HOLDERS,
    ISSUER,
    OPERATOR,
    STRANGER,
    Bridge,
    Chain,
    Party,
    Reverted,
)

MAGIC = 0x1626BA7E << 224
FIRST = HOLDERS[0]
REVERTS = bytes.fromhex("60006000fd")


WALLET = Party("wallet")


def refused() -> "pytest.RaisesExc[Reverted]":
    return pytest.raises(Reverted, match=r"^BadConsent")


def held_by(bridge: Bridge, who: Party) -> Ticket:
    """A ticket of somebody who has the asset and has allowed the vault to take it."""
    mint = calls.call("RepresentationToken", "crosschainMint", who.address, 10_000)
    bridge.chain.send(ISSUER, bridge.home, mint)
    bridge.allow(who)
    return bridge.ticket(bridge.home, who)


def becomes(bridge: Bridge, who: Party, runtime: bytes) -> None:
    """From now on the account has code; no transaction comes from it any more (EIP-3607)."""
    bridge.chain.evm.insert_account_info(who.address, AccountInfo(code=runtime))


def answers(word: int, size: int = 32) -> bytes:
    """Code that answers every call with a word, or its beginning."""
    head = b"\x7f" + word.to_bytes(32, "big") + bytes.fromhex("600052")
    return head + bytes([0x60, size]) + bytes.fromhex("6000f3")


def lock(bridge: Bridge, ticket: Ticket, consent: bytes, *, by: Party = OPERATOR) -> None:
    words = bridge.words("lock")
    data = calls.call("Escrow", "lock", ticket.words(), *words.values(), consent)
    bridge.chain.send(by, bridge.escrow, data)


def said_by(bridge: Bridge, ticket: Ticket, who: Party) -> bytes:
    return who.sign(digest(bridge.domain, "Lock", ticket, bridge.words("lock")))


@pytest.fixture
def bridge() -> Bridge:
    return Bridge(Chain())


def test_a_signature_is_the_holders_over_this_lock(bridge: Bridge) -> None:
    ticket = held_by(bridge, FIRST)
    other = bridge.ticket(bridge.home, FIRST)
    for consent in (
        b"",
        bytes(65),
        said_by(bridge, ticket, STRANGER),
        said_by(bridge, other, FIRST),
        said_by(bridge, ticket, FIRST)[:-1],
        FIRST.sign(digest(bridge.domain, "Lock", ticket, {"notAfter": 1})),
    ):
        with refused():
            lock(bridge, ticket, consent)
    lock(bridge, ticket, said_by(bridge, ticket, FIRST))


def test_an_operator_who_holds_it_says_yes_by_sending(bridge: Bridge) -> None:
    lock(bridge, held_by(bridge, OPERATOR), b"")


@pytest.mark.parametrize(
    ("code", "stands"),
    [
        (answers(MAGIC), True),
        (answers(MAGIC + 1), False),
        (answers(MAGIC >> 224), False),
        (answers(0), False),
        (answers(1), False),
        (REVERTS, False),
    ],
    ids=["yes", "yes and more", "yes at the wrong end", "no", "true", "reverts"],
)
def test_a_contract_says_yes_in_one_way(bridge: Bridge, code: bytes, stands: bool) -> None:
    """ERC-1271."""
    ticket = held_by(bridge, WALLET)
    becomes(bridge, WALLET, code)
    if stands:
        lock(bridge, ticket, b"whatever its contract takes")
    else:
        with refused():
            lock(bridge, ticket, b"")


@pytest.mark.parametrize("size", [0, 4, 31])
def test_a_contract_that_says_too_little_says_nothing(bridge: Bridge, size: int) -> None:
    ticket = held_by(bridge, WALLET)
    becomes(bridge, WALLET, answers(MAGIC, size))
    with refused():
        lock(bridge, ticket, b"")


def test_an_account_with_borrowed_code_still_signs_with_its_key(bridge: Bridge) -> None:
    """EIP-7702: who went by the length of its code would ask a contract that knows nothing."""
    ticket = held_by(bridge, FIRST)
    becomes(bridge, FIRST, REVERTS)
    lock(bridge, ticket, said_by(bridge, ticket, FIRST))
