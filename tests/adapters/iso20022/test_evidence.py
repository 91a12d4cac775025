"""What proves a fact does not bend, names the keys it needs, and is nothing without the bank's."""

from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from adapters.iso20022.agreement import Instruct, Proof
from adapters.iso20022.evidence import bundle, verify
from adapters.iso20022.signed import (
    BadSignature,
    Signed,
    Signer,
    signer,
    unframe,
    verified,
)
from bridge.core.canonical import canonical
from bridge.core.events import PaymentSettled
from bridge.core.ids import Cursor
from bridge.engine.watch import Heard
from bridge.ports import Observation, Unproved
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import OURS, THEIRS, agreed, ed25519, p256

BANK = Instruct.PACS_008
OTHERS = {"ed25519": signer("o", ed25519("o")), "p256": signer("o", p256("o"))}
SIGNERS = {"ed25519": signer("k", ed25519("k")), "p256": signer("k", p256("k"))}


async def proof(script: Script) -> bytes:
    order, _ = await script.pay()
    async with script.reading():
        await script.says(script.status(order, "ACSC"), script.booking(order))
    (made,) = script.proofs
    return made


async def test_no_bit_of_the_evidence_may_change() -> None:
    script = Script(agreed(BANK))
    evidence = await proof(script)
    for place in range(0, len(evidence), 7):
        forged = bytearray(evidence)
        forged[place] ^= 1 << place % 8
        with pytest.raises(Unproved):
            script.verify(bytes(forged))


async def test_evidence_cut_short_or_longer_proves_nothing() -> None:
    script = Script(agreed(BANK))
    evidence = await proof(script)
    for other in (b"", evidence[:-1], evidence + b" ", evidence[: len(evidence) // 2]):
        with pytest.raises(Unproved):
            script.verify(other)


async def test_only_the_pinned_keys_and_words_prove() -> None:
    script = Script(agreed(BANK))
    evidence = await proof(script)
    agreement = script.agreement
    stranger = signer("bank-1", ed25519("stranger"))
    for changed in (
        replace(agreement, bank_keys={"bank-1": stranger.public}),
        replace(agreement, bank_keys={"bank-2": THEIRS.public}),
        replace(agreement, own_keys={"gateway-1": stranger.public}),
    ):
        with pytest.raises(Unproved):
            verify(evidence, changed.pinned())
    with pytest.raises(Unproved):
        verify(evidence, "nothing pinned")
    assert verify(evidence, replace(agreement, account="OTHER").pinned()) == ()


async def test_a_weaker_proof_is_no_proof_to_who_pinned_the_stronger() -> None:
    script = Script(agreed(BANK, proof=Proof.BOOKING))
    order, _ = await script.pay()
    async with script.reading():
        await script.says(script.booking(order))
    (evidence,) = script.proofs
    assert isinstance(script.verify(evidence)[0], PaymentSettled)
    stronger = replace(script.agreement, proof=Proof.STATUS_AND_BOOKING)
    assert verify(evidence, stronger.pinned()) == ()


async def test_the_words_of_one_payment_do_not_prove_another() -> None:
    script = Script(agreed(BANK))
    one, _ = await script.pay()
    two, _ = await script.pay()
    async with script.reading():
        await script.says(script.status(one, "ACSC"), script.booking(one))
    head = script.ledger.held
    theirs = [head[key] for key in script.ledger.keys("in/")]
    own = [head[key] for key in script.ledger.keys(f"out/{two.id}")]
    assert verify(bundle(two.id, own, theirs), script.agreement.pinned()) == ()
    with pytest.raises(Unproved):
        verify(bundle(one.id, own, theirs), script.agreement.pinned())


async def test_our_own_word_is_not_the_banks() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    forged = [OURS.sign(script.status(order, "RJCT", "AC04")).frame]
    own = [script.ledger.held[key] for key in script.ledger.keys(f"out/{order.id}")]
    with pytest.raises(Unproved):
        verify(bundle(order.id, own, forged), script.agreement.pinned())


@pytest.mark.parametrize("made", SIGNERS.values(), ids=SIGNERS)
@given(raw=st.binary(max_size=200), place=st.integers(0, 10**6))
def test_a_signature_is_of_exactly_these_bytes(made: Signer, raw: bytes, place: int) -> None:
    signed = made.sign(raw)
    keys = {made.name: made.public}
    assert signed == made.sign(raw)
    assert verified(unframe(signed.frame), keys).raw == raw
    frame = bytearray(signed.frame)
    frame[place % len(frame)] ^= 1
    with pytest.raises(BadSignature):
        verified(unframe(bytes(frame)), keys)


@pytest.mark.parametrize("made", SIGNERS.values(), ids=SIGNERS)
def test_what_was_seen_signed_excuses_no_other_key(made: Signer) -> None:
    signed = made.sign(b"message")
    strange = next(one for one in SIGNERS.values() if one is not made).public
    for _ in range(2):  # the second time from memory
        assert verified(signed, {made.name: made.public}) == signed
        for keys in (
            {},
            {"other": made.public},
            {made.name: strange},
            {made.name: OTHERS[made.algorithm].public},
        ):
            with pytest.raises(BadSignature):
                verified(signed, keys)


def test_a_p256_signature_has_one_form_only() -> None:
    made = SIGNERS["p256"]
    signed = made.sign(b"message")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = int.from_bytes(signed.signature[32:])
    other = signed.signature[:32] + (order - s).to_bytes(32, "big")
    with pytest.raises(BadSignature):
        verified(Signed(b"message", signed.algorithm, signed.key, other), {"k": made.public})


def test_an_algorithm_is_the_keys_not_the_messages() -> None:
    one, two = SIGNERS["ed25519"], SIGNERS["p256"]
    signed = one.sign(b"message")
    lying = Signed(signed.raw, "p256", signed.key, signed.signature)
    with pytest.raises(BadSignature):
        verified(lying, {"k": one.public})
    with pytest.raises(BadSignature):
        verified(lying, {"k": two.public})


def test_another_curve_is_no_key_of_ours() -> None:
    point = ec.generate_private_key(ec.SECP256K1()).public_key()
    assert point.curve.name == "secp256k1"
    with pytest.raises(BadSignature):
        verified(SIGNERS["p256"].sign(b"m"), {"k": "p256:" + "02" + "ff" * 32})


async def test_a_copy_for_information_proves_nothing_to_a_notary() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    copy = script.status(order, "RJCT", "AC04").replace(
        b"</CreDt></AppHdr>", b"</CreDt><CpyDplct>COPY</CpyDplct></AppHdr>"
    )
    own = [script.ledger.held[key] for key in script.ledger.keys(f"out/{order.id}")]
    forged = bundle(order.id, own, [THEIRS.sign(copy).frame])
    assert script.verify(forged) == ()


async def test_an_instruction_under_another_uetr_is_none_of_the_settlement() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    other = b"7a562c67-ca16-48ba-b074-65581be6f001"
    own = [OURS.sign(script.wire.sent[0].raw.replace(order.uetr.encode(), other)).frame]
    said = script.status(order, "RJCT", "AC04").replace(order.uetr.encode(), other)
    with pytest.raises(Unproved):
        script.verify(bundle(order.id, own, [THEIRS.sign(said).frame]))


async def test_a_statement_that_only_repeats_is_no_evidence() -> None:
    """A day's statement names others beside us: it is kept by hash and shown to nobody for us."""
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.booking(order)
    entry = raw[raw.index(b"<Ntry>") : raw.index(b"</Ntfctn>")]
    other = entry.replace(order.uetr.encode(), b"7a562c67-ca16-48ba-b074-65581be6f001")
    other = other.replace(order.id.encode(), b"OTHERSBUSINESS").replace(
        script.asked(order).instr_id.encode(), b"THEIRS"
    )
    name = script.name.encode()
    day = raw.replace(entry, other + entry).replace(b"BANK000001", name)
    async with script.reading():
        await script.says(raw, script.status(order, "ACSP"), script.status(order, "ACSP"))
        await script.says(day, script.status(order, "ACSC"))
    (made,) = script.proofs
    assert script.told == ["PaymentSettled"]
    assert script.verify(made)
    assert b"OTHERSBUSINESS" in (script.ledger.get("in/000000000004") or b"")  # it was taken
    assert b"OTHERSBUSINESS" not in made
    assert made.count(b">ACSP<") == 1
    assert made.count(b">ACSC<") == 1


async def test_what_the_bank_says_first_is_evidence_whole_and_no_leaf_holds_it() -> None:
    """Where only the day's statement tells of it, that is what a notary must see as signed."""
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.booking(order)
    entry = raw[raw.index(b"<Ntry>") : raw.index(b"</Ntfctn>")]
    other = entry.replace(order.uetr.encode(), b"7a562c67-ca16-48ba-b074-65581be6f001")
    other = other.replace(order.id.encode(), b"OTHERSBUSINESS").replace(
        script.asked(order).instr_id.encode(), b"THEIRS"
    )
    async with script.reading():
        await script.says(raw.replace(entry, other + entry), script.status(order, "ACSC"))
    (made,) = script.proofs
    assert b"OTHERSBUSINESS" in made
    fact = script.facts[0]
    seen = Observation(subject=fact, cursor=Cursor("2"), evidence=made, keep=(("in/1", raw),))
    body = Heard("rail:x", seen, bytes, script.clock)._body(fact)
    assert body["sha256"] == sha256(made).hexdigest()
    assert b"OTHERSBUSINESS" not in canonical(body)
    assert b"THEIRS" not in canonical(body)


async def test_evidence_beyond_its_bound_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(agreed(BANK))
    made = await proof(script)
    monkeypatch.setattr("adapters.iso20022.evidence.EVIDENCE_MAX", len(made))
    assert script.verify(made)
    monkeypatch.setattr("adapters.iso20022.evidence.EVIDENCE_MAX", len(made) - 1)
    with pytest.raises(Unproved, match="larger than"):
        script.verify(made)
