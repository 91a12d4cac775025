"""The names of things: ours are ULIDs, theirs keep their standard's name and form."""

import re
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from typing import Final, NewType

Instant = NewType("Instant", int)  # milliseconds since 1970-01-01T00:00:00Z
SettlementId = NewType("SettlementId", str)  # a ULID: 26 characters, sorts by time
EntryId = NewType("EntryId", str)  # a ULID: of an entry, transfer, proposal, group
Uetr = NewType("Uetr", str)  # ISO 20022 UETR: a version 4 UUID in lower case
NetworkId = NewType("NetworkId", str)  # CAIP-2, or `rail:` and the rail's name
LaneId = NewType("LaneId", str)
PartyId = NewType("PartyId", str)
AssetId = NewType("AssetId", str)
PersonId = NewType("PersonId", str)
AccountId = NewType("AccountId", str)  # of the notary ledger
Lei = NewType("Lei", str)
Bic = NewType("Bic", str)
Digest = NewType("Digest", str)  # SHA-256 in lower-case hex
Cursor = NewType("Cursor", str)  # where a reader stands; only its adapter can read it
TxRef = NewType("TxRef", str)  # the network's id of a transaction or message, else ours
DateText = NewType("DateText", str)  # ISO 8601 calendar date, YYYY-MM-DD

NAMES_MAX: Final = 8  # by which one thing that was sent can be looked for
ETHEREUM = "eip155"  # CAIP-2 namespace of the chains whose escrow reads EIP-712
RELEASED = Instant(1_767_225_600_000)  # 2026-01-01: no release of ours is older
RETIRED = Instant(2_556_144_000_000)  # 2051-01-01: nor is one in use then; a clock errs
BEGINNING = Cursor("")  # the cursor of a reader that has read nothing

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = tuple(a + b for a in _CROCKFORD for b in _CROCKFORD)  # ten bits each
_TAIL = range(70, -1, -10)  # where the pairs of eighty bits begin
_TO_BASE_32 = str.maketrans(_CROCKFORD, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
_NETWORK = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}\Z")
_UETR = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}\Z")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?\Z")
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")
_TX = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


class BadId(ValueError):
    """Raised where a text is not the id it claims to be; the sentence says which rule it breaks."""


def ulid(text: str) -> str:
    """Return `text` if it is a ULID in upper case.

    Errors: BadId.
    """
    return _matched(_ULID, text, "a ULID: 26 characters of Crockford's base 32, upper case")


def new_ulid(now: Instant, entropy: bytes) -> str:
    """Return the ULID of `now` with ten bytes of chance."""
    assert len(entropy) == 10, "a ULID takes ten bytes of chance"
    return ulid_of(int(now).to_bytes(6, "big") + entropy)


def ulid_of(raw: bytes) -> str:
    """Return the ULID text of its sixteen bytes."""
    assert len(raw) == 16, "a ULID has sixteen bytes"
    number = int.from_bytes(raw, "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def ulid_bytes(text: str) -> bytes:
    """Return the sixteen bytes of a ULID; a network carries them in its settlement field."""
    return int(ulid(text).translate(_TO_BASE_32), 32).to_bytes(16, "big")


def ulid_time(text: str) -> Instant:
    """Return the instant a ULID was made at, as its maker's clock had it."""
    return Instant(int.from_bytes(ulid_bytes(text)[:6], "big"))


def derived_id(settlement: SettlementId, *parts: str) -> EntryId:
    """Return the id of an entry of ours: ordered by time, repeatable, never spent twice.

    Six bytes of the settlement's time, then ten of SHA-256 over the settlement and the parts.
    """
    tail = int.from_bytes(sha256("\n".join((settlement, *parts)).encode()).digest()[:10], "big")
    time = ulid(settlement)[:10]  # characters: 48 bits of time under two that are always zero
    return EntryId(time + "".join([_PAIRS[tail >> shift & 1023] for shift in _TAIL]))


def uetr_of(settlement: SettlementId) -> Uetr:
    """Return the one UETR of a settlement, so that a repeated instruction is the same payment.

    Source: ISO 20022 UUIDv4Identifier; RFC 9562, section 5.4 for the version and variant bits.
    """
    raw = bytearray(sha256(b"lianqiao uetr v1\n" + ulid_bytes(settlement)).digest()[:16])
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return Uetr(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")


def settlement_id(text: str) -> SettlementId:
    """Return `text` as the id of a settlement."""
    return SettlementId(ulid(text))


def uetr(text: str) -> Uetr:
    """Return `text` as a UETR."""
    return Uetr(_matched(_UETR, text, "a UETR: a version 4 UUID in lower case"))


def network_id(text: str) -> NetworkId:
    """Return `text` as a network id.

    Source: CAIP-2.
    """
    return NetworkId(_matched(_NETWORK, text, "a CAIP-2 network id such as eip155:1"))


def is_ethereum(network: str) -> bool:
    """Tell whether a network is a chain of Ethereum's kind, whose escrow reads EIP-712.

    Source: CAIP-2, namespace eip155.
    """
    return network.startswith(f"{ETHEREUM}:")


def lei(text: str) -> Lei:
    """Return `text` as an LEI whose check digits agree.

    Source: ISO 17442-1; ISO 7064 MOD 97-10.
    """
    _matched(_LEI, text, "an LEI: 20 characters, the last two digits")
    if int("".join(str(int(character, 36)) for character in text)) % 97 != 1:
        raise BadId(f"{text!r} is not an LEI: its check digits do not agree")
    return Lei(text)


def bic(text: str) -> Bic:
    """Return `text` as a BIC of 8 or 11 characters.

    Source: ISO 9362.
    """
    return Bic(_matched(_BIC, text, "a BIC of 8 or 11 characters"))


def sha256_hex(text: str) -> Digest:
    """Return `text` as a SHA-256 in lower-case hex."""
    return Digest(_matched(_HEX, text, "a SHA-256 in lower-case hex"))


def date_text(text: str) -> DateText:
    """Return `text` as a calendar date that exists.

    Source: ISO 8601, calendar date, extended format.
    """
    _matched(_DATE, text, "a date YYYY-MM-DD")
    year, month, day = (int(part) for part in text.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]:
        raise BadId(f"{text!r} is not a date: that month has no such day")
    return DateText(text)


def name(text: str) -> str:
    """Return `text` as a name of ours: of a lane, a party, an asset, a person."""
    return _matched(
        _NAME, text, "a name: up to 64 of a-z 0-9 . _ - beginning with a letter or digit"
    )


def findable(names: Iterable[str]) -> tuple[TxRef, ...]:
    """Return the names a transaction can be asked for by: each once, in order, at most eight."""
    fit = dict.fromkeys(name for name in names if _TX.match(name))
    return tuple(map(TxRef, islice(fit, NAMES_MAX)))


def _matched(pattern: re.Pattern[str], text: str, what: str) -> str:
    if not pattern.match(text):
        raise BadId(f"{text[:80]!r} is not {what}")
    return text
