"""A call as an endorser hands it over, what it comes to, and how its one argument is read.

The argument is a canonical JSON object with exactly the members its verb asks for: strings and
decimal integers. A refusal's text begins with a stable code; 4xx is for good, 503 passes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bridge.core.canonical import NotCanonical, Value, parse
from bridge.core.ids import BadId, Instant, sha256_hex, ulid

MALFORMED = 400
FORBIDDEN = 403
UNKNOWN = 404
CONFLICT = 409
PASSING = 503  # time, people or a peer that lags may still change it
LARGEST_ARGUMENT = 64 * 1024  # bytes: an act with 32 signatures takes nine thousand
LARGEST_UNITS = 2**256 - 1

_WHOLE = re.compile(r"0|[1-9][0-9]{0,77}")
KEY = re.compile(r"[0-9a-f]{64}")  # Ed25519, hex
ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}/[0-9a-f]{64}")
_ASSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}")
_PART = re.compile(r"[A-Za-z0-9._-]{0,64}")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class Refusal(Exception):
    """Raised where the escrow refuses; what it says is the response's text."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"LQ{status} {why}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed the proposal: an organisation and a key. A renewed certificate changes nothing."""

    msp: str
    kind: str  # `p256` or `sm2`; empty for a key the escrow cannot verify with
    key: str  # the uncompressed point, hex

    @property
    def account(self) -> str:
        return f"{self.msp}/{sha256(bytes.fromhex(self.key)).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One proposal at one endorser.

    Units: `time` is what the proposal says and every endorser reads alike; `clock` is this
    endorser's own, in ms, and decides only whether to endorse. `admits` is the SHA-256 of the
    configuration that this endorser's organisation has agreed to, empty for none.
    """

    channel: str
    chaincode: str
    tx: str
    caller: Caller
    verb: str
    argument: bytes
    time: Instant
    clock: Instant
    admits: str = ""

    @property
    def escrow(self) -> str:
        return f"{self.channel}/{self.chaincode}"


@dataclass(frozen=True, slots=True)
class Response:
    """As Fabric has it: 200, or a status of four or five hundred with a text."""

    status: int
    message: str = ""
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Event:
    """The one event of a transaction; its payload is canonical JSON."""

    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call comes to. A value of None deletes its key; a refusal writes and tells nothing."""

    response: Response
    writes: tuple[tuple[str, bytes | None], ...] = ()
    event: Event | None = None


def members(value: Value, *names: str) -> Mapping[str, Value]:
    """Return `value` if it is an object with exactly these members. Errors: Refusal."""
    if not isinstance(value, Mapping):
        raise Refusal(MALFORMED, "an object is asked for")
    if set(value) != set(names):
        odd = sorted(set(value) ^ set(names))
        raise Refusal(MALFORMED, f"members: {', '.join(odd)[:200]}")
    return value


def argument_of(call: Call, *names: str) -> Mapping[str, Value]:
    """Return the one argument of a call, which has exactly these members. Errors: Refusal."""
    if len(call.argument) > LARGEST_ARGUMENT:
        raise Refusal(MALFORMED, "the argument is too long")
    try:
        return members(parse(call.argument), *names)
    except NotCanonical as error:
        raise Refusal(MALFORMED, str(error)[:200]) from None


def text(body: Mapping[str, Value], name: str) -> str:
    """Return a member that is text. Errors: Refusal."""
    found = body[name]
    if not isinstance(found, str):
        raise Refusal(MALFORMED, f"{name}: no text")
    return found


def matched(body: Mapping[str, Value], name: str, pattern: re.Pattern[str], what: str) -> str:
    """Return a member that a pattern matches whole. Errors: Refusal."""
    found = text(body, name)
    if pattern.fullmatch(found) is None:
        raise Refusal(MALFORMED, f"{name}: {what}")
    return found


def whole(body: Mapping[str, Value], name: str) -> int:
    """Return a member that is a whole number in its one decimal form. Errors: Refusal."""
    return int(matched(body, name, _WHOLE, "no whole number"))


def units(body: Mapping[str, Value], name: str = "units") -> int:
    """Return a member that counts at least one unit. Errors: Refusal."""
    found = whole(body, name)
    if not 1 <= found <= LARGEST_UNITS:
        raise Refusal(MALFORMED, f"{name}: from 1 to 2^256 - 1")
    return found


def account(body: Mapping[str, Value], name: str) -> str:
    """Return a member that is an account: an organisation and the hash of a key."""
    return matched(body, name, ACCOUNT, "no account")


def asset(body: Mapping[str, Value], name: str = "asset") -> str:
    """Return a member that is the name of an asset. Errors: Refusal."""
    return matched(body, name, _ASSET, "no name of an asset")


def part(body: Mapping[str, Value], name: str = "part") -> str:
    """Return a member that is the name of a lot within its asset, or empty. Errors: Refusal."""
    return matched(body, name, _PART, "no name of a lot")


def settlement(body: Mapping[str, Value], name: str = "settlement") -> str:
    """Return a member that is a settlement's id. Errors: Refusal."""
    return _id(body, name, ulid)


def digest(body: Mapping[str, Value], name: str) -> str:
    """Return a member that is a SHA-256 in hex. Errors: Refusal."""
    return _id(body, name, sha256_hex)


def _id(body: Mapping[str, Value], name: str, rule: Callable[[str], str]) -> str:
    try:
        return rule(text(body, name))
    except BadId as error:
        raise Refusal(MALFORMED, f"{name}: {error}") from None


def hex_bytes(body: Mapping[str, Value], name: str) -> bytes:
    """Return the bytes a member writes in lower-case hex. Errors: Refusal."""
    return bytes.fromhex(matched(body, name, _HEX, "no lower-case hex"))


def listed(body: Mapping[str, Value], name: str, most: int) -> Sequence[Value]:
    """Return a member that is a list of bounded length. Errors: Refusal."""
    found = body[name]
    if isinstance(found, str | bool | Mapping) or len(found) > most:
        raise Refusal(MALFORMED, f"{name}: a list of at most {most}")
    return found


def sorted_texts(
    body: Mapping[str, Value], name: str, most: int, pattern: re.Pattern[str]
) -> tuple[str, ...]:
    """Return a member that lists texts of one pattern, rising, none twice. Errors: Refusal."""
    found = tuple(one for one in listed(body, name, most) if isinstance(one, str))
    if len(found) != len(listed(body, name, most)) or list(found) != sorted(set(found)):
        raise Refusal(MALFORMED, f"{name}: texts in rising order, none twice")
    if not all(pattern.fullmatch(one) for one in found):
        raise Refusal(MALFORMED, f"{name}: one has another form")
    return found
