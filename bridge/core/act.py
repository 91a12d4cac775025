"""The act: what the notaries sign for one verb of one settlement, complete and readable."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from bridge.core.canonical import Value, canonical
from bridge.core.effects import (
    AssignAsset,
    HoldLock,
    LockAsset,
    MintAsset,
    NetworkEffect,
    UnmintAsset,
    Verb,
    verb_of,
)
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId
from bridge.core.money import Units

ACT_PREFIX = b"lianqiao act v1\n"
CONSENT_KINDS = frozenset({"eip712", "erc1271", "p256", "sm2", "ed25519", "custody"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One verb, with every word that has an effect; nothing is taken from beside it.

    Units: `units` in the asset's smallest unit; `not_after` and `until` in ms, 0 where the verb
    has none: release, unmint, burn and assign must always be able to land.
    Source: the notes of the Ethereum adapter's ticket; both encodings are made from these words.
    """

    verb: Verb
    settlement: SettlementId
    terms: Digest
    network: NetworkId
    escrow: str
    asset: str
    part: str
    units: Units
    party: str  # origin: the holder, to whom a release returns; destination: the beneficiary
    counterpart: NetworkId
    evidence: Digest  # leaf hash of the entry that holds the evidence; empty for a lock
    verdict: Digest  # leaf hash of the policy decision; empty for lock and for what gives back
    epoch: int
    not_after: Instant
    until: Instant  # of a hold

    def body(self) -> dict[str, Value]:
        """Return the act's canonical value."""
        return {
            "verb": self.verb.value,
            "settlement": self.settlement,
            "terms": self.terms,
            "network": self.network,
            "escrow": self.escrow,
            "asset": self.asset,
            "part": self.part,
            "units": str(self.units),
            "party": self.party,
            "counterpart": self.counterpart,
            "evidence": self.evidence,
            "verdict": self.verdict,
            "epoch": str(self.epoch),
            "not_after": str(self.not_after),
            "until": str(self.until),
        }

    def message(self) -> bytes:
        """Return the bytes that Ed25519 signs on networks that are not Ethereum's."""
        return ACT_PREFIX + _bytes(self)

    @property
    def digest(self) -> Digest:
        """The SHA-256 of its canonical body: what an entry of ours is named by."""
        return Digest(sha256(_bytes(self)).hexdigest())


@lru_cache(512)
def _bytes(act: Act) -> bytes:
    """The canonical body; several notaries sign an act, and a network reads it after them."""
    return canonical(act.body())


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature under an act, or a holder's consent to a lock.

    `kind` is `ed25519` or `secp256k1` for notaries, else a kind of consent.
    """

    kind: str
    signer: str  # public key in hex, or the address
    signature: bytes


NOTHING = Digest("")
DECISION_TIME_MS = 7 * 24 * 3_600_000  # a consent outlives the deadline by what people may take


def act_for(
    effect: NetworkEffect,
    *,
    evidence: Digest = NOTHING,
    verdict: Digest = NOTHING,
    epoch: int = 0,
) -> Act:
    """Return the act that carries out `effect`; a lock's is what its holder signs as consent.

    A lock or mint is good for the order's deadline and the time people may take to decide beside
    it; what comes later than we gave up is fenced, not timed out.
    """
    order = effect.order
    if isinstance(effect, MintAsset | UnmintAsset | AssignAsset):
        here, there, party = order.destination, order.origin, order.beneficiary.account
    else:
        here, there, party = order.origin, order.destination, order.originator.account
    timed = isinstance(effect, LockAsset | MintAsset)
    return Act(
        verb=verb_of(effect),
        settlement=order.id,
        terms=order.terms,
        network=here.network,
        escrow=here.escrow,
        asset=here.asset,
        part=here.part,
        units=order.units,
        party=party,
        counterpart=there.network,
        evidence=evidence,
        verdict=verdict,
        epoch=epoch,
        not_after=Instant(order.deadline + DECISION_TIME_MS) if timed else Instant(0),
        until=effect.until if isinstance(effect, HoldLock) else Instant(0),
    )
