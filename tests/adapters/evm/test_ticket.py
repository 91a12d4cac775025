"""The digest that is signed is the standard's, and nothing half-right is ever hashed."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.ticket import Domain, Ticket, digest, network_word, word
from schemas.contracts import typed

WORDS = st.binary(min_size=32, max_size=32).filter(any)
ADDRESS = st.binary(min_size=20, max_size=20).filter(any)
TICKETS = st.builds(
    Ticket,
    settlement=st.binary(min_size=16, max_size=16).filter(any).map(lambda b: b + bytes(16)),
    terms=WORDS,
    asset=ADDRESS,
    token_id=st.integers(0, 2**256 - 1),
    amount=st.integers(1, 2**128 - 1),
    party=ADDRESS,
    counterpart=WORDS,
)
NUMBERS = st.integers(0, 2**64 - 1)
DOMAINS = st.builds(Domain, st.integers(0, 2**64 - 1), ADDRESS, WORDS)

EXAMPLE = Ticket(
    settlement=bytes.fromhex("018f2d5c6b7a4c3d8e9f001122334455") + bytes(16),
    terms=b"\x01" * 32,
    asset=b"\xa5" * 20,
    token_id=0,
    amount=1_000_000,
    party=b"\xbe" * 20,
    counterpart=network_word("eip155:1"),
)
HERE = Domain(31337, b"\xe5" * 20, b"\x07" * 32)


def oracle(domain: Domain, verb: str, ticket: Ticket, words: dict[str, bytes | int]) -> bytes:
    """The digest as eth-account makes it."""

    def kinds(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
        return [{"name": name, "type": kind} for name, kind in fields]

    names = [name for name, _ in typed.TICKET]
    values: dict[str, object] = dict(zip(names, ticket.words(), strict=True))
    values["asset"] = "0x" + ticket.asset.hex()
    values["party"] = "0x" + ticket.party.hex()
    signable = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": kinds(typed.DOMAIN),
                "Ticket": kinds(typed.TICKET),
                verb: kinds(typed.VERBS[verb]),
            },
            "primaryType": verb,
            "domain": {
                "name": domain.name,
                "version": typed.VERSION,
                "chainId": domain.chain_id,
                "verifyingContract": "0x" + domain.contract.hex(),
                "salt": domain.genesis,
            },
            "message": {"ticket": values, **words},
        }
    )
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def test_the_worked_example_is_what_it_always_was() -> None:
    words: dict[str, bytes | int] = {
        "evidence": b"\x02" * 32,
        "verdict": b"\x03" * 32,
        "epoch": 1,
        "notAfter": 1_800_000_000,
    }
    assert EXAMPLE.counterpart.hex().startswith("38b2caf3")
    assert EXAMPLE.hash().hex().startswith("aa283983")
    assert HERE.separator().hex().startswith("8e33c340")
    assert digest(HERE, "Mint", EXAMPLE, words).hex() == (
        "e5096a678a2971695e5ef8b7c719107cc8901824ff9a1e4fcebe20c4f54a5e01"
    )


@pytest.mark.parametrize("verb", sorted(typed.VERBS))
@given(data=st.data(), domain=DOMAINS, ticket=TICKETS)
def test_our_digest_is_the_oracles(
    verb: str, data: st.DataObject, domain: Domain, ticket: Ticket
) -> None:
    words: dict[str, bytes | int] = {}
    for name, kind in typed.VERBS[verb][1:]:
        words[name] = data.draw(WORDS) if kind == "bytes32" else data.draw(NUMBERS)
    assert digest(domain, verb, ticket, words) == oracle(domain, verb, ticket, words)


@pytest.mark.parametrize(
    "wrong",
    [
        {"settlement": b"\x01" * 32},  # its low half says something
        {"settlement": bytes(32)},
        {"settlement": b"\x01" * 16},
        {"terms": bytes(32)},
        {"asset": b"\xa5" * 19},
        {"party": bytes(20)},
        {"amount": 0},
        {"amount": 2**128},
        {"amount": -1},
        {"token_id": 2**256},
        {"counterpart": bytes(32)},
    ],
)
def test_a_ticket_the_escrow_would_refuse_is_never_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        replace(EXAMPLE, **wrong)  # type: ignore[arg-type]  # each of another type


@pytest.mark.parametrize(
    "words",
    [
        {"notAfter": "5"},
        {"notAfter": 2**64},
        {"notAfter": -1},
        {},
        {"notAfter": 1, "epoch": 1},
        {"notAfter": b"\x01" * 32},
    ],
)
def test_no_half_right_word_is_hashed(words: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        digest(HERE, "Lock", EXAMPLE, words)


def test_a_word_is_neither_padded_nor_cut() -> None:
    for wrong in (b"", b"\x01" * 31, b"\x01" * 33, -1, 2**256):
        with pytest.raises(ValueError):
            word(wrong)
