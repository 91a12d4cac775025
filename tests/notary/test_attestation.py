"""An attested act: each numbered step refuses, and every word of the act is signed."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.core.act import Act, Signature, act_for
from bridge.core.effects import MintAsset, ReleaseLock, Verb
from bridge.core.ids import Digest, Instant, NetworkId
from bridge.core.money import Units
from bridge.notary.attestation import CanonicalSigner, attested
from bridge.notary.keys import Ed25519Key
from tests.strategies import make_id, make_order

LEAF, VERDICT = Digest("02" * 32), Digest("03" * 32)
ACT = act_for(MintAsset(make_order()), evidence=LEAF, verdict=VERDICT, epoch=1)


def signer(seed: int) -> CanonicalSigner:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return CanonicalSigner(Ed25519Key(private.public_key().public_bytes_raw().hex(), private.sign))


SIGNED = tuple(signer(seed).sign(ACT) for seed in (1, 2, 3))
NOTARIES = frozenset(one.signer for one in SIGNED)


def test_enough_notaries_over_these_words_attest_the_act() -> None:
    assert attested(ACT, SIGNED[:2], NOTARIES, 2) == ""
    assert attested(ACT, SIGNED, NOTARIES, 2) == ""


@pytest.mark.parametrize(
    ("step", "signatures"),
    [
        (1, (SIGNED[0], replace(SIGNED[1], kind="secp256k1"))),
        (2, (SIGNED[0], signer(4).sign(ACT))),
        (2, (SIGNED[0], replace(SIGNED[1], signer=""))),
        (3, (SIGNED[0], SIGNED[0])),
        (4, SIGNED[:1]),
        (4, ()),
        (5, (SIGNED[0], replace(SIGNED[1], signature=SIGNED[0].signature))),
        (5, (SIGNED[0], replace(SIGNED[1], signature=b""))),
        (5, (*SIGNED[:2], replace(SIGNED[2], signature=bytes(64)))),
    ],
)
def test_each_numbered_step_refuses(step: int, signatures: tuple[Signature, ...]) -> None:
    assert attested(ACT, signatures, NOTARIES, 2).startswith(f"{step}: ")


@pytest.mark.parametrize(
    "other",
    [
        replace(ACT, verb=Verb.RELEASE),
        replace(ACT, settlement=make_id(2)),
        replace(ACT, terms=Digest("09" * 32)),
        replace(ACT, network=NetworkId("eip155:2")),
        replace(ACT, escrow=ACT.escrow + "0"),
        replace(ACT, asset=ACT.asset + "0"),
        replace(ACT, part=ACT.part + "0"),
        replace(ACT, units=Units(ACT.units + 1)),
        replace(ACT, party=ACT.party + "0"),
        replace(ACT, counterpart=NetworkId("eip155:2")),
        replace(ACT, evidence=VERDICT),
        replace(ACT, verdict=LEAF),
        replace(ACT, epoch=2),
        replace(ACT, not_after=Instant(ACT.not_after + 1)),
        replace(ACT, until=Instant(ACT.until + 1)),
        act_for(ReleaseLock(make_order()), evidence=LEAF, epoch=1),
    ],
)
def test_no_other_word_is_attested_by_these_signatures(other: Act) -> None:
    assert attested(other, SIGNED, NOTARIES, 2).startswith("5: ")
