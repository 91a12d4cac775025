"""Which message a capture is: its direction, its end point, and its parts under their table.

Where the caller names no end point, the names in the body choose among the tables.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from adapters.bsn.explain.captured import Captured, Unreadable
from adapters.bsn.explain.parts import Part, Parts, body_parts, parts_of, render, signed
from schemas.bsn.gateway import ENDPOINTS, PUSHES
from schemas.bsn.shapes import BODY, Field, Kind, fields

REQUEST, RESPONSE, PUSH = DIRECTIONS = ("request", "response", "push")
_HEADERS = {
    REQUEST: fields("userCode appCode"),
    RESPONSE: fields("code* msg"),
    PUSH: fields("userCode appCode"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of one body: of which direction and end point."""

    direction: str
    path: str
    shape: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A capture under one table; `root` holds two parts, header and body, as they are signed."""

    capture: Captured
    table: Table
    root: Parts
    stray_header: Parts
    stray_body: Parts

    @property
    def text(self) -> str:
        """The signed text as the rule of the wire has it."""
        return render(self.root)

    @property
    def zeros(self) -> bool:
        """Whether the other side may sign absent integers as 0; it does so in what it sends."""
        return self.table.direction != REQUEST

    @property
    def unsigned(self) -> bool:
        """Whether this request carries no signature."""
        point = ENDPOINTS.get(self.table.path)
        return self.table.direction == REQUEST and point is not None and not point.request_signed


def message_of(captured: Captured, table: Table) -> Message:
    """The capture under a table."""
    header = parts_of(_HEADERS[table.direction], captured.header)
    header = tuple(replace(p, wrong="it is absent") if _due(p) else p for p in header)
    body = body_parts(table.shape, captured.body)
    broken = any(part.name == BODY and part.kind is None for part in body)
    kept = body if broken else signed(body)
    root = (_object("header", 0, signed(header)), _object("body", 1, kept))
    stray = () if broken else tuple(part for part in body if part.kind is None)
    return Message(
        captured, table, root, tuple(part for part in header if part.kind is None), stray
    )


def tables_for(captured: Captured, path: str, direction: str) -> list[Table]:
    """The tables a capture may follow, the likeliest first; one where path and direction are told.

    Errors: Unreadable where the header belongs to no direction, or the path to no end point.
    """
    path = path or captured.path
    named = _known(path) if path and path != PUSH else path
    if path == PUSH and not direction:
        direction = PUSH
    directions = [direction] if direction else _directions(captured)
    found = [
        table
        for one in directions
        for table in all_tables(one)
        if not named or _under(table, named)
    ]
    found.sort(key=lambda table: fit(captured, table))
    return found


def all_tables(direction: str) -> list[Table]:
    """Every table of a direction."""
    if direction == PUSH:
        return [Table(PUSH, chain, shape) for chain, shape in PUSHES.items()]
    return [
        Table(direction, path, point.request if direction == REQUEST else point.response)
        for path, point in ENDPOINTS.items()
    ]


def fit(captured: Captured, table: Table) -> tuple[int, int]:
    """How badly a table fits: names it lacks, then names the body lacks."""
    listed = [field for field in table.shape if field.name == BODY]
    body = captured.body
    if isinstance(body, list) and listed:
        body, shape = (body[0] if body else None), listed[0].inside
    elif isinstance(body, list) or listed:
        return (100 if body is not None else 0, 0)
    else:
        shape = table.shape
    names = set(body) if isinstance(body, dict) else set()
    known = {field.name for field in shape}
    return len(names - known), len(known - names)


def _due(part: Part) -> bool:
    return part.kind is not None and part.absent


def _object(name: str, place: int, inside: Parts) -> Part:
    return Part(name=name, kind=Kind.OBJECT, place=place, elements=(inside,), raw={})


def _under(table: Table, named: str) -> bool:
    if table.direction == PUSH:
        return named == PUSH or f"/{table.path}/" in named
    return table.path == named


def _known(path: str) -> str:
    given = urlsplit(path).path.rstrip("/") if path.startswith("http") else path
    given = given.partition("?")[0].rstrip("/")
    for known in ENDPOINTS:
        if known.lower() == given.lower():
            return known
    ends = [known for known in ENDPOINTS if known.lower().endswith("/" + given.strip("/").lower())]
    if len(ends) == 1:
        return ends[0]
    hint = f"; did you mean {' or '.join(ends[:4])}?" if ends else ""
    raise Unreadable(f"no end point {path!r} is known{hint}")


def _directions(captured: Captured) -> list[str]:
    header = captured.header
    if "code" in header or "msg" in header:
        return [RESPONSE]
    if "userCode" in header or "appCode" in header:
        body = captured.body if isinstance(captured.body, dict) else {}
        pushed = "nonceStr" in body or {"eventId", "eventData"} <= set(body)
        return [PUSH] if pushed else [REQUEST]
    raise Unreadable("the header has neither userCode and appCode nor code and msg")
