"""The typed form of an act is the standard's, exactly the adapter's, and nothing half-right."""

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.ticket import Domain, Ticket, digest, network_word
from bridge.core.act import Act
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, ulid_bytes, ulid_of
from bridge.core.money import Units
from bridge.notary.attestation import BadAct, Eip712Signer, eip712_digest, recovered, ticket_hash
from schemas.contracts import typed

GENESIS = b"\x07" * 32
SECRET = b"\x11" * 32
EXAMPLE = Act(
    verb=Verb.MINT,
    settlement=SettlementId(ulid_of(bytes.fromhex("018f2d5c6b7a4c3d8e9f001122334455"))),
    terms=Digest("01" * 32),
    network=NetworkId("eip155:31337"),
    escrow="0x" + "e5" * 20,
    asset="0x" + "a5" * 20,
    part="",
    units=Units(1_000_000),
    party="0x" + "be" * 20,
    counterpart=NetworkId("eip155:1"),
    evidence=Digest("02" * 32),
    verdict=Digest("03" * 32),
    epoch=1,
    not_after=Instant(1_800_000_000_000),
    until=Instant(0),
)
HASHES = st.binary(min_size=32, max_size=32).map(lambda raw: Digest(raw.hex()))
ADDRESSES = st.binary(min_size=20, max_size=20).filter(any).map(lambda raw: "0x" + raw.hex())
TIMES = st.integers(0, 2**60).map(Instant)
ACTS = st.builds(
    Act,
    verb=st.sampled_from([verb for verb in Verb if verb.value.capitalize() in typed.VERBS]),
    settlement=st.binary(min_size=16, max_size=16)
    .filter(any)
    .map(lambda raw: SettlementId(ulid_of(raw))),
    terms=HASHES.filter(lambda said: int(said, 16) > 0),
    network=st.integers(0, 2**60).map(lambda n: NetworkId(f"eip155:{n}")),
    escrow=ADDRESSES,
    asset=ADDRESSES,
    part=st.one_of(st.just(""), HASHES),
    units=st.integers(1, 2**128 - 1).map(Units),
    party=ADDRESSES,
    counterpart=st.sampled_from([NetworkId("eip155:1"), NetworkId("fabric:trade")]),
    evidence=HASHES,
    verdict=HASHES,
    epoch=st.integers(0, 2**64 - 1),
    not_after=TIMES,
    until=TIMES,
)


def words_of(act: Act) -> dict[str, bytes | int]:
    """The verb's own members, as the adapter names them."""
    every: dict[str, bytes | int] = {
        "evidence": bytes.fromhex(act.evidence),
        "verdict": bytes.fromhex(act.verdict),
        "epoch": act.epoch,
        "notAfter": act.not_after // 1_000,
        "until": act.until // 1_000,
    }
    names = [name for name, _ in typed.VERBS[act.verb.value.capitalize()][1:]]
    return {name: every[name] for name in names}


def ticket_of(act: Act) -> Ticket:
    return Ticket(
        settlement=ulid_bytes(act.settlement) + bytes(16),
        terms=bytes.fromhex(act.terms),
        asset=bytes.fromhex(act.asset[2:]),
        token_id=int(act.part or "0", 16),
        amount=act.units,
        party=bytes.fromhex(act.party[2:]),
        counterpart=network_word(act.counterpart),
    )


def test_the_worked_example_is_what_it_always_was() -> None:
    said = "e5096a678a2971695e5ef8b7c719107cc8901824ff9a1e4fcebe20c4f54a5e01"
    assert eip712_digest(EXAMPLE, GENESIS).hex() == said
    assert ticket_hash(EXAMPLE).hex().startswith("aa283983")


@given(ACTS)
def test_notary_adapter_and_eth_account_sign_the_same(act: Act) -> None:
    ticket = ticket_of(act)
    chain = int(act.network.partition(":")[2])
    verb = act.verb.value.capitalize()
    here = Domain(chain, bytes.fromhex(act.escrow[2:]), GENESIS)
    ours = eip712_digest(act, GENESIS)
    assert ticket_hash(act) == ticket.hash()
    assert ours == digest(here, verb, ticket, words_of(act))
    signed = Eip712Signer(SECRET, {act.network: GENESIS}).sign(act)
    names = [name for name, _ in typed.TICKET]
    values: dict[str, object] = dict(zip(names, ticket.words(), strict=True))
    kinds = {
        name: [{"name": field, "type": kind} for field, kind in fields]
        for name, fields in (
            ("EIP712Domain", typed.DOMAIN),
            ("Ticket", typed.TICKET),
            (verb, typed.VERBS[verb]),
        )
    }
    signable = encode_typed_data(
        full_message={
            "types": kinds,
            "primaryType": verb,
            "domain": {
                "name": typed.ESCROW_NAME,
                "version": typed.VERSION,
                "chainId": chain,
                "verifyingContract": act.escrow,
                "salt": GENESIS,
            },
            "message": {
                "ticket": {**values, "asset": act.asset, "party": act.party},
                **words_of(act),
            },
        }
    )
    assert Account.recover_message(signable, signature=signed.signature).lower() == signed.signer
    assert bytes(Account.sign_message(signable, SECRET).signature) == signed.signature
    assert recovered(ours, signed.signature) == signed.signer


@pytest.mark.parametrize(
    "bad",
    [
        replace(EXAMPLE, verb=Verb.PAY),
        replace(EXAMPLE, asset="0x" + "a5" * 19),
        replace(EXAMPLE, asset="token-o"),
        replace(EXAMPLE, party="be" * 20),
        replace(EXAMPLE, escrow="0x" + "e5" * 21),
        replace(EXAMPLE, terms=Digest("01" * 31)),
        replace(EXAMPLE, evidence=Digest("")),
        replace(EXAMPLE, verdict=Digest("")),
        replace(EXAMPLE, part="1"),
        replace(EXAMPLE, units=Units(0)),
        replace(EXAMPLE, units=Units(2**128)),
        replace(EXAMPLE, epoch=2**64),
        replace(EXAMPLE, epoch=-1),
        replace(EXAMPLE, network=NetworkId("fabric:trade")),
        replace(EXAMPLE, network=NetworkId("eip155:1")),
    ],
)
def test_an_act_without_an_exact_form_is_not_signed(bad: Act) -> None:
    with pytest.raises(BadAct):
        Eip712Signer(SECRET, {EXAMPLE.network: GENESIS}).sign(bad)


def test_a_second_form_of_a_signature_names_nobody() -> None:
    said = eip712_digest(EXAMPLE, GENESIS)
    signer = Eip712Signer(SECRET, {EXAMPLE.network: GENESIS})
    good = signer.sign(EXAMPLE).signature
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    assert recovered(said, good) == signer.address
    assert recovered(said, good[:32] + high + bytes([55 - good[64]])) == ""
    for bad in (good[:64], good + b"\x1b", good[:64] + b"\x00", bytes(64) + b"\x1b", b""):
        assert recovered(said, bad) == ""
    assert recovered(bytes(32), good) != signer.address
