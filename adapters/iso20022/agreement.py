"""What was agreed with one bank: who we are to it, which messages, and what proves cash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from bridge.core.canonical import Value
from bridge.core.ids import Bic, NetworkId


class Instruct(StrEnum):
    """By which message a payment is instructed."""

    PAIN_001 = "pain.001"  # a customer of the bank
    PACS_008 = "pacs.008"  # a bank, for its customer
    PACS_009 = "pacs.009"  # a bank, for itself


class Proof(StrEnum):
    """What proves that money moved."""

    STATUS_AND_BOOKING = "status_and_booking"
    BOOKING = "booking"
    SETTLEMENT_NOTICE = "settlement_notice"  # a central bank system's own word


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One counterparty, as both sides signed it.

    `account` is ours at the servicer whose bookings are the proof; empty where it is the debtor's
    own account in each instruction. Units: `life_ms` bounds how old an instruction may arrive.
    """

    network: NetworkId
    instruct: Instruct
    proof: Proof
    profile: str
    own_bic: Bic
    bank_bic: Bic
    own_name: str = ""  # who initiates, in a pain.001
    header: str = ""  # head.001.001.02, or none
    service: str = ""  # BizSvc
    cover_service: str = ""  # BizSvc of a cover
    method: str = "INDA"  # settlement method
    clearing_system: str = ""
    charge_bearer: str = "SHAR"
    cover: bool = False  # a pacs.008 by cover: its pacs.009 COV goes with it
    reimbursement: Bic | None = None  # our correspondent, where a cover is settled
    notice: bool = False  # a camt.057 goes before the payment
    recall: bool = True  # whether a camt.056 is taken
    reject: bool = False  # whether an admi.002 answers what is refused
    account: str = ""
    currencies: tuple[str, ...] = ()
    wide_characters: bool = False  # beyond the set X
    life_ms: int = 30_000
    cut_off: time = time(23, 59, 59)  # in the currency's place, for the same day's value
    own_keys: Mapping[str, str]  # our public key, by name
    bank_keys: Mapping[str, str]  # the bank's, by name

    @property
    def is_customer(self) -> bool:
        return self.instruct is Instruct.PAIN_001

    def pinned(self) -> dict[str, Value]:
        """Return what a verifier fixes for this rail."""
        return {
            "kind": "iso20022",
            "network": self.network,
            "instruct": self.instruct.value,
            "proof": self.proof.value,
            "account": self.account,
            "own": [{"key": name, "public": key} for name, key in sorted(self.own_keys.items())],
            "bank": [{"key": name, "public": key} for name, key in sorted(self.bank_keys.items())],
        }
