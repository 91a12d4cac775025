"""What an operator writes for one bank: the agreement, the channel, the keys by file."""

from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.iso20022.agreement import Agreement, Instruct, Proof
from adapters.iso20022.signed import (
    KEY_ID,
    PUBLIC_KEY,
    BadSignature,
    Signed,
    load_signer,
    verified,
)
from bridge.core.ids import Bic, NetworkId
from schemas.iso20022.rules.catalogue import RULES
from schemas.iso20022.softening import Signature, Softening, signed
from schemas.iso20022.weights import Severity

_BIC = r"^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$"
_LISTEN = r"^tcp:[^:\s]+:[0-9]{1,5}$"
_ADDRESS = r"^https?://[^\s]+$"

Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
PublicKey = Annotated[str, Field(pattern=PUBLIC_KEY)]
KeyName = Annotated[str, Field(pattern=KEY_ID)]
SignatureHex = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class SoftenedRule(BaseModel):
    """A rule made lighter for this bank until a day, with two people's signatures in hex.

    What they sign is `schemas.iso20022.softening.Softening.statement`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rule: Annotated[str, Field(max_length=32)]
    severity: Literal["warn", "hold"]
    reason: Annotated[str, Field(min_length=1, max_length=280)]
    until: Annotated[date, Field(strict=False)]  # the last day it holds
    signatures: Annotated[dict[KeyName, SignatureHex], Field(min_length=2, max_length=8)]


class Settings(BaseModel):
    """One bank as a rail.

    Units: `_ms` are milliseconds; `cut_off` is local time of the currency's place.
    `message_life_ms` is how old an instruction may reach the bank, as agreed with it: after it,
    what the bank has not taken it takes no more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    network: Annotated[NetworkId, Field(pattern=r"^rail:[-_a-zA-Z0-9]{1,32}$")]
    instruct: Literal["pain.001", "pacs.008", "pacs.009"]
    proof: Literal["status_and_booking", "booking", "settlement_notice"] | None = None
    profile: str | None = None  # of the messages; by default what the role speaks
    own_bic: Annotated[str, Field(pattern=_BIC)]
    own_name: Annotated[str, Field(max_length=140)] = ""
    bank_bic: Annotated[str, Field(pattern=_BIC)]
    service: str = ""  # BizSvc, such as swift.cbprplus.03
    cover_service: str = ""
    method: Literal["INDA", "INGA", "CLRG"] = "INDA"
    clearing_system: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,5}$")] = ""
    charge_bearer: Literal["SHAR", "DEBT", "CRED", "SLEV"] = "SHAR"
    cover: bool = False
    reimbursement_bic: Annotated[str, Field(pattern=_BIC)] | None = None
    notice: bool = False  # a camt.057 before each payment
    recall: Literal["camt.056", "none"] | None = None
    reject: bool = False  # an admi.002 answers what is refused
    account: Annotated[str, Field(max_length=34)] = ""  # ours at the servicer; proof of cash
    currencies: Annotated[tuple[Code, ...], Field(strict=False)] = ()  # a list, in TOML
    wide_characters: bool = False

    softenings: Annotated[tuple[SoftenedRule, ...], Field(strict=False, max_length=64)] = ()
    people: dict[KeyName, PublicKey] = {}  # who may sign a softening, each with a key of their own

    key_name: KeyName
    signing_key: str  # file: PKCS#8 PEM, Ed25519 or P-256
    bank_keys: Annotated[dict[KeyName, PublicKey], Field(min_length=1, max_length=16)]

    channel: Literal["http", "folder"]
    address: Annotated[str, Field(pattern=_ADDRESS)] | None = None  # the bank's door
    listen: Annotated[str, Field(pattern=_LISTEN)] | None = None  # ours
    inbox_folder: str | None = None  # ours; the bank writes into its `in`
    outbox_folder: str | None = None  # the bank's; we write into its `in`

    cut_off: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "23:59"
    message_life_ms: Annotated[int, Field(ge=100, le=86_400_000)] = 300_000
    finality_ms: Annotated[int, Field(ge=0, le=864_000_000)] = 0
    question_ms: Annotated[int, Field(ge=1_000, le=86_400_000)] = 600_000
    answer_limit_ms: Annotated[int, Field(ge=1_000, le=864_000_000)] = 86_400_000

    @model_validator(mode="after")
    def _relations(self) -> "Settings":
        if self.channel == "http" and (self.address is None or self.listen is None):
            raise ValueError("channel http needs address and listen")
        if self.channel == "folder" and (self.inbox_folder is None or self.outbox_folder is None):
            raise ValueError("channel folder needs inbox_folder and outbox_folder")
        if self.cover and self.instruct != "pacs.008":
            raise ValueError("cover: only a pacs.008 is covered")
        if self.method == "CLRG" and not self.clearing_system:
            raise ValueError("clearing_system: CLRG names its system")
        if self.instruct != "pain.001" and not self.account:
            raise ValueError("account: a bank names its account whose bookings are the proof")
        if self.instruct == "pain.001" and self.notice:
            raise ValueError("notice: a customer sends no camt.057")
        if len(set(self.people.values())) < len(self.people):
            raise ValueError("people: two of them share a key, so two signatures may be one hand's")
        self.softened()
        return self

    def softened(self) -> tuple[Softening, ...]:
        """Return what was softened for this bank; each has two people's good signatures.

        Errors: NotSoftened, a ValueError, which names the rule and what is missing.
        """

        def is_good(person: str, statement: bytes, signature: bytes) -> bool:
            algorithm = self.people.get(person, "").partition(":")[0]
            try:
                verified(Signed(statement, algorithm, person, signature), self.people)
            except BadSignature:
                return False
            return True

        known = {rule.id for rule in RULES.rules}
        return tuple(
            signed(
                Softening(
                    rule=one.rule,
                    counterparty=self.bank_bic,
                    severity=Severity(one.severity),
                    reason=one.reason,
                    until=one.until,
                    signatures=tuple(
                        Signature(person, bytes.fromhex(text))
                        for person, text in sorted(one.signatures.items())
                    ),
                ),
                known,
                is_good,
            )
            for one in self.softenings
        )

    def agreement(self) -> Agreement:
        """Return the agreement these settings write down.

        Errors: OSError, ValueError for a key file that cannot be read.
        """
        customer = self.instruct == "pain.001"
        own = load_signer(self.key_name, Path(self.signing_key))
        proof = self.proof or ("booking" if customer else "status_and_booking")
        profile = self.profile or ("customer" if customer else "cbpr+2026")
        recall = self.recall or ("none" if customer else "camt.056")
        return Agreement(
            network=self.network,
            instruct=Instruct(self.instruct),
            proof=Proof(proof),
            profile=profile,
            own_bic=Bic(self.own_bic),
            bank_bic=Bic(self.bank_bic),
            own_name=self.own_name,
            header="" if customer else "head.001.001.02",
            service=self.service,
            cover_service=self.cover_service,
            method=self.method,
            clearing_system=self.clearing_system,
            charge_bearer=self.charge_bearer,
            cover=self.cover,
            reimbursement=Bic(self.reimbursement_bic) if self.reimbursement_bic else None,
            notice=self.notice,
            recall=recall != "none",
            reject=self.reject,
            account=self.account,
            currencies=self.currencies,
            wide_characters=self.wide_characters,
            life_ms=self.message_life_ms,
            cut_off=time.fromisoformat(self.cut_off),
            own_keys={own.name: own.public},
            bank_keys=self.bank_keys,
        )
