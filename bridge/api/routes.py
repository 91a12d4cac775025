"""A route is one declaration; what it may see of a request is one value."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from aiohttp import web

from bridge.api.cursors import after, cursor
from bridge.api.problems import Trouble
from bridge.api.tokens import Tokens
from bridge.core.ids import Digest, Instant, PersonId
from bridge.engine.ring import Ring
from bridge.notary.entries import Request
from bridge.notary.tree import LeafTree
from bridge.ports import Clock
from bridge.settings import ApiSettings
from schemas.api import Wire

PAGE_MOST = 500
PAGE_USUAL = 100
ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
NAME = "[a-z0-9][a-z0-9._-]{0,63}"
NUMBER = "0|[1-9][0-9]{0,15}"
PAGED: Mapping[str, str] = {"cursor": "[A-Za-z0-9_-]{16,600}", "limit": "[1-9][0-9]{0,2}"}

READERS = frozenset({"operator", "approver", "compliance", "auditor", "admin"})
OPERATORS = frozenset({"operator"})
MAKERS = frozenset({"operator", "approver", "compliance", "admin"})  # may propose something
DESK = frozenset({"approver", "compliance", "auditor"})  # may read what policy found
STOPPERS = frozenset({"operator", "compliance", "approver"})  # may stop something at once


@dataclass(slots=True, eq=False)
class Stream:
    """One that is open: how long it still waits for news, which is over when the desk closes."""

    quiet: asyncio.Timeout | None = None

    def wake(self) -> None:
        """Let it look whether the desk is closing."""
        if self.quiet is not None and not self.quiet.expired():
            self.quiet.reschedule(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Everything the desk needs, once a daemon."""

    ring: Ring
    settings: ApiSettings
    tokens: Tokens
    origin: str
    clock: Clock
    started: Instant
    tree: LeafTree
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    streams: set[Stream] = field(default_factory=set)  # open now

    def chance(self) -> bytes:
        """Return ten bytes of chance, for ids."""
        return secrets.token_bytes(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a person of the register, and the roles that count for this token now."""

    person: PersonId
    roles: frozenset[str]


NOBODY = Caller(person=PersonId(""), roles=frozenset())
M = TypeVar("M", bound=Wire)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read and checked. `asked` names it in the ledger, for a write."""

    room: Room
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Wire | None
    asked: Request
    route: str
    http: web.Request

    @property
    def id(self) -> str:
        return self.path["id"]

    def read(self, model: type[M]) -> M:
        """Return the body as what its route takes."""
        assert isinstance(self.body, model), f"{self.route} takes no {model.__name__}"
        return self.body

    @property
    def limit(self) -> int:
        wanted = int(self.query.get("limit", PAGE_USUAL))
        if wanted > PAGE_MOST:
            raise Trouble(
                400,
                "LQ-LIMIT-QUERY",
                f"a page has at most {PAGE_MOST} items",
                remedy=f"limit={PAGE_MOST}, then follow the member `next`",
                flaws=((("query", "limit"), "too_large"),),
            )
        return wanted

    def after(self) -> str:
        """Return the key this page goes on after."""
        given = self.query.get("cursor")
        return "" if given is None else after(self.room.tokens.secret, self._place, given)

    def next(self, key: str) -> str:
        """Return the cursor of the page after `key`."""
        return cursor(self.room.tokens.secret, self._place, key)

    @property
    def _place(self) -> str:
        kept = sorted((k, v) for k, v in self.query.items() if k not in PAGED)
        return f"{self.route} {sorted(self.path.items())} {kept}"


Answer: TypeAlias = Wire | web.StreamResponse
Answering: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One address: what it takes, who may ask, what it answers.

    `path` has every id with its pattern, so that `:cancel` never falls into an id. `write` asks
    for an Idempotency-Key. `roles` None: open to all, without a token.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    says: str
    answer: Answering
    roles: frozenset[str] | None
    takes: type[Wire] | None = None
    gives: type[Wire] | None = None
    media: str = "application/json"
    status: int = 200
    write: bool = False
    query: Mapping[str, str] = field(default_factory=dict)


NO_REQUEST = Request(key="", principal="", route="", body=Digest(""))
