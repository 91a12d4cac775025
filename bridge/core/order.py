"""The settlement order: what was asked for, with its conditions and its payment; never edited."""

from dataclasses import dataclass, field

from bridge.core.canonical import Value, digest
from bridge.core.ids import (
    Digest,
    Instant,
    LaneId,
    NetworkId,
    PersonId,
    SettlementId,
    Uetr,
    uetr_of,
)
from bridge.core.instrument import Instrument
from bridge.core.money import Money, Units
from bridge.core.parties import Agent, Beneficiary, Commitment, Originator


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One side of the crossing: where, in which escrow, under which name the asset lives there."""

    network: NetworkId
    escrow: str  # the contract or chaincode that locks and mints
    asset: str  # the token's own id on that network
    part: str = ""  # token id, lot or title within the asset; empty where units say it all

    def leaf(self) -> dict[str, Value]:
        """Return the form under the order's terms."""
        return {
            "network": self.network,
            "escrow": self.escrow,
            "asset": self.asset,
            "part": self.part,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """The money leg; the debtor is the beneficiary of the asset or who pays for it.

    Source: ISO 20022 CreditTransferTransaction: Debtor, Creditor, agents, accounts, Purpose.
    """

    rail: NetworkId
    amount: Money
    debtor: Commitment
    debtor_account: Commitment
    debtor_agent: Agent
    creditor: Commitment
    creditor_account: Commitment
    creditor_agent: Agent

    def leaf(self) -> dict[str, Value]:
        """Return the form under the order's terms."""
        return {
            "rail": self.rail,
            "amount": {"currency": self.amount.currency.code, "minor": str(self.amount.minor)},
            "debtor": {"h": self.debtor.h},
            "debtor_account": {"h": self.debtor_account.h},
            "debtor_agent": self.debtor_agent.bic,
            "creditor": {"h": self.creditor.h},
            "creditor_account": {"h": self.creditor_account.h},
            "creditor_agent": self.creditor_agent.bic,
        }


@dataclass(frozen=True, slots=True)
class Condition:
    """A paper the order waits for before the asset may go on."""

    kind: str  # such as `acceptance` or `inspection_certificate`
    key: str  # Ed25519 public key, hex, of who may say it is given


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The papers of the trade; empty where there is none."""

    contract: str = ""
    invoice: str = ""
    customs: str = ""
    filing: str = ""

    def leaf(self) -> dict[str, Value]:
        """Return the members that are there."""
        stated = {
            "contract": self.contract,
            "invoice": self.invoice,
            "customs": self.customs,
            "filing": self.filing,
        }
        return {name: text for name, text in stated.items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementOrder:
    """One instrument to be moved and, where agreed, paid for.

    `lapse` is the earliest instant at which a holder could escape from the origin's escrow;
    `deadline` bounds every stage before the payment and lies far before it.
    """

    id: SettlementId
    lane: LaneId
    maker: PersonId
    created: Instant
    deadline: Instant
    lapse: Instant
    instrument: Instrument
    fingerprint: Digest
    units: Units
    origin: Leg
    destination: Leg
    originator: Originator
    beneficiary: Beneficiary
    salt: Digest  # SHA-256 of the seed its personal values were salted from
    consents: tuple[NetworkId, ...]  # the networks whose holder must sign before a lock
    conditions: tuple[Condition, ...] = ()
    payment: Payment | None = None
    purpose: str = ""  # ISO 20022 ExternalPurpose1Code
    bop_code: str = ""  # balance-of-payments code, six digits
    references: References = References()
    terms: Digest = field(init=False)  # SHA-256 of the leaf form: consents, papers, acts name it

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", Digest(digest(self.leaf())))

    @property
    def uetr(self) -> Uetr:
        return uetr_of(self.id)

    def leaf(self) -> dict[str, Value]:
        """Return the leaf form: every personal value is a salted commitment.

        It can stand on a chain, is equal on both networks, and survives erasure.
        """
        body: dict[str, Value] = {
            "id": self.id,
            "lane": self.lane,
            "maker": self.maker,
            "created": str(self.created),
            "deadline": str(self.deadline),
            "lapse": str(self.lapse),
            "instrument": self.instrument.leaf(),
            "fingerprint": self.fingerprint,
            "units": str(self.units),
            "origin": self.origin.leaf(),
            "destination": self.destination.leaf(),
            "originator": {
                "party": self.originator.party,
                "name": {"h": self.originator.name.h},
                "account": self.originator.account,
            },
            "beneficiary": {
                "party": self.beneficiary.party,
                "name": {"h": self.beneficiary.name.h},
                "account": self.beneficiary.account,
            },
            "salt": self.salt,
            "consents": list(self.consents),
            "conditions": [{"kind": c.kind, "key": c.key} for c in self.conditions],
            "purpose": self.purpose,
            "bop_code": self.bop_code,
            "references": self.references.leaf(),
        }
        if self.payment is not None:
            body["payment"] = self.payment.leaf()
        return body
