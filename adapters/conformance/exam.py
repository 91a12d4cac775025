"""What the exam says and signs: orders, acts citing what it makes up, three notaries of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.core.act import Act, Signature, act_for
from bridge.core.effects import BurnAsset, HoldLock, LockAsset, MintAsset, NetworkEffect, verb_of
from bridge.core.ids import (
    AssetId,
    Digest,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    PersonId,
    SettlementId,
    new_ulid,
)
from bridge.core.instrument import Instrument, InstrumentKind, fingerprint
from bridge.core.money import Units
from bridge.core.order import Leg, SettlementOrder
from bridge.core.parties import Beneficiary, Commitment, Originator

EPOCH = 1
THRESHOLD = 2  # of the three below
DAY_MS = 24 * 3_600_000
ELSEWHERE = NetworkId("memory:elsewhere")  # the other side of every order of the exam

_NOTARIES = tuple(
    Ed25519PrivateKey.from_private_bytes(sha256(f"exam notary {n}".encode()).digest())
    for n in range(3)
)
_STRANGERS = tuple(
    Ed25519PrivateKey.from_private_bytes(sha256(f"exam stranger {n}".encode()).digest())
    for n in range(3)
)
NOTARY_KEYS = tuple(sorted(key.public_key().public_bytes_raw().hex() for key in _NOTARIES))

Signers = Callable[[Act, int], tuple[Signature, ...]]


def notaries(act: Act, signers: int = THRESHOLD) -> tuple[Signature, ...]:
    """Return so many Ed25519 signatures of the exam's notaries under an act."""
    return _signed(act, _NOTARIES[:signers])


def strangers(act: Act, signers: int = THRESHOLD) -> tuple[Signature, ...]:
    """Return so many true signatures of keys that no network trusts."""
    return _signed(act, _STRANGERS[:signers])


def _signed(act: Act, keys: tuple[Ed25519PrivateKey, ...]) -> tuple[Signature, ...]:
    message = act.message()
    signed = (
        Signature(
            kind="ed25519",
            signer=key.public_key().public_bytes_raw().hex(),
            signature=key.sign(message),
        )
        for key in keys
    )
    return tuple(sorted(signed, key=lambda one: one.signer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Where an asset of the exam's lies: who holds it, or who is to be given its twin."""

    escrow: str
    asset: str
    account: str
    part: str = ""
    units: int = 1


def exam_act(effect: NetworkEffect) -> Act:
    """Return the act of an effect as the exam signs it: its citations are made up, but stable."""
    verb = verb_of(effect)
    if isinstance(effect, LockAsset):
        return act_for(effect)
    cited = f"{effect.order.id}/{verb.value}"
    if isinstance(effect, HoldLock):
        cited += f"/{effect.number}"
    evidence = Digest(sha256(cited.encode()).hexdigest())
    judged = isinstance(effect, MintAsset | BurnAsset)
    verdict = Digest(sha256(b"verdict" + cited.encode()).hexdigest()) if judged else Digest("")
    return act_for(effect, evidence=evidence, verdict=verdict, epoch=EPOCH)


def exam_order(number: int, now: Instant, units: int) -> SettlementOrder:
    """Return the exam's n-th order, both sides elsewhere; a bench sets the side it is about."""
    nobody = Commitment(Digest("00" * 32))
    instrument = Instrument(
        kind=InstrumentKind.RWA_SHARE,
        asset=AssetId("exam"),
        profile="exam/1",
        issuer="529900T8BM49AURSDO55",
        number=f"EXAM{number}",
        document=Digest(sha256(b"exam").hexdigest()),
    )
    chance = sha256(f"{number}".encode()).digest()[:10]
    far = Leg(network=ELSEWHERE, escrow="elsewhere", asset="elsewhere")
    return SettlementOrder(
        id=SettlementId(new_ulid(now, chance)),
        lane=LaneId("exam"),
        maker=PersonId("examiner"),
        created=now,
        deadline=Instant(now + DAY_MS),
        lapse=Instant(now + 400 * DAY_MS),
        instrument=instrument,
        fingerprint=fingerprint(instrument, bytes(32)),
        units=Units(units),
        origin=far,
        destination=far,
        originator=Originator(party=PartyId("sender"), name=nobody, account="elsewhere"),
        beneficiary=Beneficiary(party=PartyId("receiver"), name=nobody, account="elsewhere"),
        salt=Digest(sha256(bytes(32)).hexdigest()),
        consents=(),
    )
