"""Requests of our own API, as they stand on the wire; `answers.py` holds what answers them.

Units: money is a currency and a decimal text, token units are integer texts, times are RFC 3339 in
UTC. A member nobody knows is refused.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

ULID = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
HASH = r"^[0-9a-f]{64}$"
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Ulid = Annotated[str, Field(pattern=ULID)]
Name = Annotated[str, Field(pattern=NAME)]
Sha256 = Annotated[str, Field(pattern=HASH)]
Time = Annotated[str, Field(pattern=TIME)]
Units = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$")]
Text = Annotated[str, Field(min_length=1, max_length=256)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
BicText = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$")]
Signature = Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,2048}$")]
Network = Annotated[str, Field(pattern=r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$")]


class Wire(BaseModel):
    """Everything of our wire: strict, frozen, and nothing beside what is named.

    What checks one is built when it is met first: a millisecond each, and seventy of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Amount(Wire):
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[str, Field(pattern=r"^[0-9]{1,18}(\.[0-9]{1,4})?$")]


class InstrumentBody(Wire):
    kind: Literal[
        "receivable",
        "letter_of_credit",
        "bill_of_lading",
        "warehouse_receipt",
        "bond",
        "rwa_share",
    ]
    asset: Name
    profile: Text
    issuer: Text
    number: Text
    document: Sha256
    face: Amount | None = None
    maturity: Annotated[str, Field(pattern=DATE)] | None = None
    part: Annotated[str, Field(max_length=64)] = ""


class SideBody(Wire):
    party: Name
    account: Text


class PayerBody(Wire):
    name: Text
    account: Text
    agent: BicText


class PaymentBody(Wire):
    amount: Amount
    debtor: PayerBody
    creditor: PayerBody


class ConditionBody(Wire):
    kind: Text
    key: Sha256  # an Ed25519 public key has the same form


class ReferencesBody(Wire):
    contract: Annotated[str, Field(max_length=256)] = ""
    invoice: Annotated[str, Field(max_length=256)] = ""
    customs: Annotated[str, Field(max_length=256)] = ""
    filing: Annotated[str, Field(max_length=256)] = ""


class OrderBody(Wire):
    """A settlement order. The client makes `id` and `seed`, and keeps both before it sends."""

    id: Ulid
    seed: Sha256
    lane: Name
    instrument: InstrumentBody
    units: Units
    originator: SideBody
    beneficiary: SideBody
    deadline: Time
    payment: PaymentBody | None = None
    conditions: Annotated[tuple[ConditionBody, ...], Field(max_length=16)] = ()
    purpose: Annotated[str, Field(pattern=r"^[A-Z0-9]{0,4}$")] = ""
    bop_code: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] = ""
    references: ReferencesBody = ReferencesBody()


class ConsentBody(Wire):
    terms: Sha256
    network: Network
    by: Text
    kind: Literal["eip712", "erc1271", "p256", "sm2", "ed25519", "custody"]
    public_key: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){0,256}$")] = ""
    signature: Annotated[  # empty where a custodian's agreement stands for it
        str, Field(pattern=r"^([0-9a-f]{2}){0,2048}$")
    ]
    not_after: Time


class PaperBody(Wire):
    terms: Sha256
    kind: Text
    digest: Sha256
    issued: Time
    says: Literal["given", "refused"]
    key: Sha256
    signature: Signature


class ReasonBody(Wire):
    reason: Reason


class ThawBody(Wire):
    way: Literal["go_on", "give_back"]
    reason: Reason


class ResumeBody(Wire):
    to: Annotated[str, Field(pattern=r"^[a-z]{3,20}$")]
    freezes: Annotated[tuple[Ulid, ...], Field(max_length=64)] = ()
    reason: Reason


class ProposalBody(Wire):
    subject: Annotated[str, Field(pattern=r"^[a-z]{2,20}\.[a-z]{2,20}$")]
    target: Text
    payload: dict[str, JsonValue] = {}
    reason: Reason
    documents: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]*={0,2}$")], ...], Field(max_length=4)
    ] = ()  # base64; each lies beside the ledger, named by its SHA-256


class DecisionBody(Wire):
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
    reason: Reason


class FreezeBody(Wire):
    scope: Annotated[str, Field(pattern=r"^[a-z]{2,12}/.{1,128}$")]
    reason: Reason
