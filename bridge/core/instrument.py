"""Trade instruments: what moves, how it is told from every other, and the document it rests on."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from hmac import new as hmac_new

from bridge.core.canonical import Value, canonical
from bridge.core.ids import AssetId, DateText, Digest
from bridge.core.money import Money


class InstrumentKind(StrEnum):
    """The six trade instruments of the house."""

    RECEIVABLE = "receivable"
    LETTER_OF_CREDIT = "letter_of_credit"
    BILL_OF_LADING = "bill_of_lading"
    WAREHOUSE_RECEIPT = "warehouse_receipt"
    BOND = "bond"
    RWA_SHARE = "rwa_share"


# What the document of a kind must state; the admission names what is missing.
NEEDS_FACE = frozenset(
    {InstrumentKind.RECEIVABLE, InstrumentKind.LETTER_OF_CREDIT, InstrumentKind.BOND}
)
NEEDS_MATURITY = NEEDS_FACE  # a receivable's due date, a credit's expiry, a bond's redemption
UNIQUE = frozenset(  # one paper, one holder: its issued quantity is 1
    {
        InstrumentKind.LETTER_OF_CREDIT,
        InstrumentKind.BILL_OF_LADING,
        InstrumentKind.WAREHOUSE_RECEIPT,
    }
)


class BadInstrument(ValueError):
    """Raised where an instrument lacks what its kind must state; the sentence names the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One trade instrument as its document states it; who holds it, the order says.

    Source: UNCITRAL MLETR, article 10: singularity, control, integrity.
    """

    kind: InstrumentKind
    asset: AssetId  # digital asset id: the token, as the asset register knows it
    profile: str  # digital asset profile id: the class of document it was issued on
    issuer: str  # LEI or USCC of who owes or issued it
    number: str  # document or register number, in normal form
    document: Digest  # SHA-256 of the document: the digest, never the text
    face: Money | None = None
    maturity: DateText | None = None
    part: str = ""  # of a split: names the part under its parent

    def __post_init__(self) -> None:
        if self.kind in NEEDS_FACE and (self.face is None or self.face.minor <= 0):
            raise BadInstrument(f"a {self.kind.value} states a positive face")
        if self.kind in NEEDS_MATURITY and self.maturity is None:
            raise BadInstrument(f"a {self.kind.value} states its maturity")
        if not self.issuer or not self.number:
            raise BadInstrument("an instrument states its issuer and its number")
        if self.number != normal_number(self.number):
            raise BadInstrument(f"the number's normal form is {normal_number(self.number)!r}")

    def leaf(self) -> dict[str, Value]:
        """Return the form that stands in leaves and under the order's terms."""
        body: dict[str, Value] = {
            "kind": self.kind.value,
            "asset": self.asset,
            "profile": self.profile,
            "issuer": self.issuer,
            "number": self.number,
            "document": self.document,
        }
        if self.face is not None:
            body["face"] = {"currency": self.face.currency.code, "minor": str(self.face.minor)}
        if self.maturity is not None:
            body["maturity"] = self.maturity
        if self.part:
            body["part"] = self.part
        return body


def normal_number(text: str) -> str:
    """Return a number without spaces and hyphens, in upper case: one paper, one spelling."""
    return "".join(text.split()).replace("-", "").upper()


def fingerprint(instrument: Instrument, key: bytes) -> Digest:
    """Return what tells this paper from every other, without naming a person or a file.

    The key is one file shared by the bridges of a consortium, so that outsiders cannot try values.
    A paper pledged twice has one fingerprint, whatever file or token carries it.
    """
    body: dict[str, Value] = {
        "kind": instrument.kind.value,
        "issuer": instrument.issuer,
        "number": instrument.number,
        "part": instrument.part,
        "maturity": instrument.maturity or "",
        "face": "" if instrument.face is None else str(instrument.face.minor),
        "currency": "" if instrument.face is None else instrument.face.currency.code,
    }
    return Digest(hmac_new(key, canonical(body), sha256).hexdigest())
