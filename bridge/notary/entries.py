"""The envelope and the kinds of entry: the ledger is an ordered list of these and nothing else.

The bytes of an entry are canonical, so any language can rebuild its leaf. What a writer assigns
(number, time, epoch, group) is wrapped around a body whose bytes were fixed before it queued.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.ids import BadId, Digest, EntryId, Instant, SettlementId, ulid
from bridge.core.settlement import Stop

KINDS: Final = frozenset(
    {
        *("party", "asset", "lane", "person"),
        *("order", "consent", "paper", "act", "prepared"),
        *("rate", "limit", "list", "pack", "opening"),
        *("proposal", "approval"),
        *("account", "transfer"),
        *("saga", "evidence", "decision", "refusal"),
        *("epoch", "policy", "freeze", "thaw", "equivocation"),
    }
)
VERSION: Final = "1"  # of the envelope
MAX_ENTRY: Final = 65_535  # bytes: the length field of a C2SP entry bundle
MAX_GROUP: Final = 64  # entries
MAX_BULK: Final = 500  # groups in one call
MAX_BULK_BYTES: Final = 4 * 1024 * 1024  # of bodies in one call
MAX_SIDE: Final = 4 * 1024 * 1024  # bytes of one value kept beside
_ENVELOPE: Final = 400  # bytes the writer wraps around body and request at most


class Malformed(ValueError):
    """Raised for a group outside its form, before anything is queued; the sentence says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Whose request an entry answers: one key and principal, one answer."""

    key: str
    principal: str
    route: str
    body: Digest

    def leaf(self) -> dict[str, Value]:
        """Return the form that stands in the envelope."""
        return {
            "key": self.key,
            "principal": self.principal,
            "route": self.route,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry as its author writes it; the id is made and kept before it is sent."""

    id: EntryId
    kind: str
    body: Mapping[str, Value]
    request: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """Visit and stop a settlement must still have when the group is judged."""

    settlement: SettlementId
    visit: int
    stop: Stop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Entries that commit whole or not at all.

    `side`: bytes kept beside the leaves and committed with them; None erases. `spends`: whether
    a refusal is an entry that spends the ids; our own groups are drawn again instead.
    """

    id: EntryId
    drafts: tuple[Draft, ...]
    side: tuple[tuple[str, bytes | None], ...] = ()
    expect: tuple[Expect, ...] = ()
    spends: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as it stands in the ledger; `group` is its group's id, its place, the size."""

    n: int
    t: Instant
    epoch: int
    group: tuple[EntryId, int, int]
    id: EntryId
    kind: str
    body: Mapping[str, Value]
    request: Request | None
    leaf: Digest
    raw: bytes

    @property
    def start(self) -> int:
        """The number of the first entry of its group."""
        return self.n - self.group[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped:
    """A draft whose bytes are fixed: what is compared when its id comes again."""

    draft: Draft
    body: bytes
    body_hash: Digest
    request: bytes


def body_hash(kind: str, body: bytes) -> Digest:
    """Return what an id is bound to: SHA-256 of the canonical body and kind."""
    return Digest(sha256(b'{"body":%b,"kind":"%b"}' % (body, kind.encode())).hexdigest())


def leaf_hash(raw: bytes) -> bytes:
    """Return the leaf of an entry's bytes.

    Source: RFC 6962, section 2.1.
    """
    return sha256(b"\x00" + raw).digest()


def shape(draft: Draft) -> Shaped:
    """Return the draft with its bytes fixed.

    Errors: Malformed for another kind, id or body than the ledger takes.
    """
    if draft.kind not in KINDS or draft.kind == "refusal":
        raise Malformed(f"{draft.kind!r} is not a kind of entry that can be asked for")
    try:
        ulid(draft.id)
        body = canonical(draft.body)
        request = b"" if draft.request is None else canonical(draft.request.leaf())
    except (BadId, NotCanonical) as error:
        raise Malformed(f"{draft.kind} {draft.id}: {error}") from error
    if len(body) + len(request) + _ENVELOPE > MAX_ENTRY:
        raise Malformed(f"{draft.kind} {draft.id}: more than {MAX_ENTRY} bytes")
    return Shaped(draft=draft, body=body, body_hash=body_hash(draft.kind, body), request=request)


def shape_group(group: Group) -> tuple[Shaped, ...]:
    """Return the members of a group with their bytes fixed.

    Errors: Malformed for an empty, too large or repeating group.
    """
    try:
        ulid(group.id)
    except BadId as error:
        raise Malformed(str(error)) from error
    if not 0 < len(group.drafts) <= MAX_GROUP:
        raise Malformed(f"a group has 1 to {MAX_GROUP} entries, not {len(group.drafts)}")
    if len(group.drafts) > 1 and len({draft.id for draft in group.drafts}) != len(group.drafts):
        raise Malformed("two entries of one group have the same id")
    if any(value is not None and len(value) > MAX_SIDE for _, value in group.side):
        raise Malformed(f"a value beside is larger than {MAX_SIDE} bytes")
    return tuple(shape(draft) for draft in group.drafts)


def shaped_or_not(group: Group) -> tuple[Shaped, ...] | Malformed:
    """Return the members of a group with their bytes fixed, or why it has no form."""
    try:
        return shape_group(group)
    except Malformed as error:
        return error


def written(
    shaped: Shaped, *, n: int, t: Instant, epoch: int, group: tuple[EntryId, int, int]
) -> Entry:
    """Return the entry a shaped draft becomes at place `n`; its bytes are canonical."""
    draft = shaped.draft
    asked = b',"request":' + shaped.request if shaped.request else b""
    raw = (
        b'{"body":%b,"epoch":"%d","group":{"at":"%d","id":"%b","of":"%d"},"id":"%b",'
        b'"kind":"%b","n":"%d"%b,"t":"%d","v":"1"}'
    ) % (
        shaped.body,
        epoch,
        group[1],
        group[0].encode(),
        group[2],
        draft.id.encode(),
        draft.kind.encode(),
        n,
        asked,
        t,
    )
    return Entry(
        n=n,
        t=t,
        epoch=epoch,
        group=group,
        id=draft.id,
        kind=draft.kind,
        body=draft.body,
        request=draft.request,
        leaf=Digest(leaf_hash(raw).hex()),
        raw=raw,
    )


def refusal(shaped: Shaped, code: int) -> Shaped:
    """Return what stands in the ledger instead of a refused draft; it spends the draft's id."""
    draft = shaped.draft
    body: dict[str, Value] = {
        "body_hash": shaped.body_hash,
        "code": str(code),
        "id": draft.id,
        "kind": draft.kind,
    }
    said = Draft(id=draft.id, kind="refusal", body=body, request=draft.request)
    # bound to the refused body, so that asking again gets the first answer
    return Shaped(
        draft=said, body=canonical(body), body_hash=shaped.body_hash, request=shaped.request
    )


def bound_hash(entry: Entry) -> Digest:
    """Return the hash an entry's id is bound to: a refusal's is that of what it refused."""
    if entry.kind == "refusal":
        return Digest(str(entry.body["body_hash"]))
    return body_hash(entry.kind, canonical(entry.body))


def read(raw: bytes) -> Entry:
    """Return the entry whose canonical bytes are exactly `raw`.

    Errors: Malformed for any other bytes, member or form.
    """
    try:
        value = parse(raw)
        entry = _entry(value, raw)
    except (NotCanonical, BadId, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"not an entry: {error}") from error
    return entry


def _entry(value: Value, raw: bytes) -> Entry:
    members = _object(value, _MEMBERS, frozenset({"request"}))
    group = _object(members["group"], frozenset({"at", "id", "of"}))
    kind = _text(members["kind"])
    if members["v"] != VERSION or kind not in KINDS:
        raise Malformed(f"version {members['v']!r}, kind {kind!r}")
    asked = members.get("request")
    body = members["body"]
    if not isinstance(body, Mapping):
        raise Malformed("the body is not an object")
    at, size = number(group["at"]), number(group["of"])
    if not at < size <= MAX_GROUP:
        raise Malformed(f"place {at} in a group of {size}")
    return Entry(
        n=number(members["n"]),
        t=Instant(number(members["t"])),
        epoch=number(members["epoch"]),
        group=(EntryId(ulid(_text(group["id"]))), at, size),
        id=EntryId(ulid(_text(members["id"]))),
        kind=kind,
        body=body,
        request=None if asked is None else _request(asked),
        leaf=Digest(leaf_hash(raw).hex()),
        raw=raw,
    )


_MEMBERS: Final = frozenset({"body", "epoch", "group", "id", "kind", "n", "t", "v"})


def _request(value: Value) -> Request:
    members = _object(value, frozenset({"key", "principal", "route", "body"}))
    return Request(
        key=_text(members["key"]),
        principal=_text(members["principal"]),
        route=_text(members["route"]),
        body=Digest(_text(members["body"])),
    )


def _object(
    value: Value, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> Mapping[str, Value]:
    if not isinstance(value, Mapping):
        raise Malformed("an object was expected")
    names = value.keys()
    if not required <= names <= required | optional:
        raise Malformed(f"members {sorted(names ^ required)} too many or missing")
    return value


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise Malformed("text was expected")
    return value


def number(value: Value) -> int:
    """Return the integer that a decimal text without sign or leading zeros says.

    Errors: Malformed.
    """
    text = _text(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 78):
        raise Malformed(f"{text[:80]!r} is not a whole number")
    if len(text) > 1 and text[0] == "0":
        raise Malformed(f"{text[:80]!r} has leading zeros")
    return int(text)
