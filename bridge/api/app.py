"""The routes under one roof: who asks, how often, in what form, and every failure as a document."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bridge.api import desk, health, proofs, registers, settlements
from bridge.api.limits import Limits
from bridge.api.openapi import described
from bridge.api.problems import Trouble, of_http, problem
from bridge.api.reading import body_of, canonical_body, query_of
from bridge.api.routes import NO_REQUEST, NOBODY, READERS, Answer, Call, Caller, Room, Route
from bridge.api.tokens import Tokens
from bridge.core.ids import Digest, new_ulid
from bridge.engine.admission import Declined
from bridge.engine.asking import asked_before
from bridge.engine.ring import Ring
from bridge.notary.entries import Malformed, Request
from bridge.notary.outcomes import (
    Damaged,
    Fenced,
    Full,
    IoFailed,
    LedgerError,
    Overloaded,
    WrongClock,
)
from bridge.notary.tree import LeafTree
from bridge.ports import Clock
from bridge.settings import ApiSettings
from schemas.api import Wire

log = structlog.stdlib.get_logger(__name__)
KEY_MOST = 128


async def openapi(_: Call) -> Answer:
    """Return the description of every route."""
    return web.Response(body=described(ROUTES), content_type="application/json")


ROUTES: tuple[Route, ...] = (
    *settlements.ROUTES,
    *desk.ROUTES,
    *registers.ROUTES,
    *proofs.ROUTES,
    *health.ROUTES,
    Route(
        method="GET",
        path="/openapi.json",
        name="openapi",
        says="This description.",
        answer=openapi,
        roles=READERS,
        media="application/json",
    ),
)


def build(
    ring: Ring, settings: ApiSettings, tokens: Tokens, *, origin: str, clock: Clock
) -> web.Application:
    """Return the application that answers for a ring; the daemon runs it."""
    room = Room(
        ring=ring,
        settings=settings,
        tokens=tokens,
        origin=origin,
        clock=clock,
        started=clock.now(),
        tree=LeafTree(ring.journal.leaves),
    )
    app = web.Application(client_max_size=settings.body_max, middlewares=[_documents(room)])
    limits, running = Limits(settings.rate_per_s), set[tuple[str, str, str]]()
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _asking(room, route, limits, running))

    async def closing(_: web.Application) -> None:
        room.closing.set()
        for stream in room.streams:
            stream.wake()

    app.on_shutdown.append(closing)
    return app


def _documents(room: Room) -> Middleware:
    """Return what turns every failure into a problem document; no trace ever leaves."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = new_ulid(room.clock.now(), room.chance())
        try:
            response = await handler(request)
        except web.HTTPException as error:
            trouble = of_http(error)
        except Trouble as error:
            trouble = error
        except Declined as declined:
            trouble = _declined(declined)
        except Malformed as error:
            trouble = Trouble(422, "LQ-BODY", str(error)[:300], remedy="send less, or well formed")
        except WrongClock as error:
            trouble = _clock(error)
        except Overloaded:
            trouble = _later("too much waits to be written", "1")
        except LedgerError as error:
            trouble = _read_only(error)
        except Exception:  # whoever asked learns a number, not the trace
            log.exception("api.failed", request_id=name, method=request.method)
            trouble = Trouble(
                500, "LQ-BUG", "something broke here", remedy=f"tell the operator {name}"
            )
        else:
            if not response.prepared:
                response.headers["X-Request-Id"] = name
            return response
        return problem(trouble, instance=request.path[:200], request_id=name)

    return middleware


def _declined(declined: Declined) -> Trouble:
    flaws: tuple[tuple[tuple[str, ...], str], ...] = ()
    if declined.loc:
        place = "header" if declined.loc == "Idempotency-Key" else "body"
        flaws = (((place, *declined.loc.split(".")), declined.code),)
    return Trouble(
        declined.status,
        declined.code,
        declined.sentence,
        remedy=declined.remedy,
        flaws=flaws,
        headers={"Retry-After": "5"} if declined.status == 503 else {},
    )


def _later(why: str, seconds: str) -> Trouble:
    return Trouble(
        503,
        "LQ-NOT-NOW",
        why,
        remedy=f"try again in {seconds} s with the same Idempotency-Key",
        headers={"Retry-After": seconds},
    )


def _clock(error: WrongClock) -> Trouble:
    return Trouble(
        503,
        "LQ-CLOCK",
        str(error),
        remedy="set the daemon's clock: timedatectl set-ntp true; what waits goes on by itself",
        headers={"Retry-After": "5"},
    )


MENDS: Mapping[type[LedgerError], str] = {
    Full: "make room on the ledger's disk, then start the daemon again",
    IoFailed: "mend the disk, run lianqiao ledger fsck, then start the daemon again",
    Damaged: "run lianqiao ledger fsck, and restore what it names from a backup",
    Fenced: "another daemon writes this ledger: ask that one",
}


def _read_only(error: LedgerError) -> Trouble:
    """Say that nothing is written, and what an operator does about it."""
    return Trouble(
        503,
        "LQ-READ-ONLY",
        f"the ledger is only read: {type(error).__name__}",
        remedy=MENDS.get(type(error), "see lianqiao status, then start the daemon again"),
        headers={"Retry-After": "30"},
    )


def _asking(
    room: Room, route: Route, limits: Limits, running: set[tuple[str, str, str]]
) -> Handler:
    async def asking(http: web.Request) -> web.StreamResponse:
        try:
            caller, account = _caller(room, route, http)
        except Trouble:
            _count(room, limits, f"at {http.remote}")  # whoever guesses tokens is slowed down
            raise
        _count(room, limits, account)
        query = query_of(http, route.query)
        path = dict(http.match_info)
        key = _key(http) if route.write else ""
        body = await body_of(http, route.takes, room.settings) if route.takes else None
        if body is None and http.can_read_body:
            raise Trouble(
                400, "LQ-NO-BODY", "this address takes no body", remedy="send none",
                flaws=((("body",), "unexpected"),),
            )  # fmt: skip
        asked = NO_REQUEST
        if route.takes is not None:
            digest = Digest(sha256(canonical_body(body, path)).hexdigest())
            asked = Request(key=key, principal=caller.person, route=route.name, body=digest)
        call = Call(
            room=room, caller=caller, path=path, query=query, body=body, asked=asked,
            route=route.name, http=http,
        )  # fmt: skip
        if not route.write:
            return _response(route, await route.answer(call), replayed=False)
        if room.ring.journal.trouble is not None:
            raise _read_only(room.ring.journal.trouble)
        name = (asked.principal, asked.route, asked.key)
        if name in running:
            raise Trouble(
                409,
                "LQ-IDEMPOTENCY-RUNNING",
                "a request with that Idempotency-Key is still running",
                remedy="wait for its answer, or ask again later",
                flaws=((("header", "Idempotency-Key"), "running"),),
            )
        running.add(name)
        try:
            replayed = asked_before(room.ring.journal.view, asked) is not None
            return _response(route, await route.answer(call), replayed=replayed)
        finally:
            running.discard(name)

    return asking


def _count(room: Room, limits: Limits, account: str) -> None:
    """Count a request against a bucket. Errors: Trouble, 429."""
    if (wait := limits.take(account, asyncio.get_running_loop().time())) > 0:
        raise Trouble(
            429,
            "LQ-TOO-MANY",
            f"more than {room.settings.rate_per_s} requests a second",
            remedy="slow down",
            headers={"Retry-After": str(wait)},
        )


def _caller(room: Room, route: Route, http: web.Request) -> tuple[Caller, str]:
    """Return who asks, and whose bucket it counts against. Errors: Trouble, 401, 403."""
    if route.roles is None:
        return NOBODY, f"at {http.remote}"
    scheme, _, text = http.headers.get("Authorization", "").partition(" ")
    now = room.clock.now()
    token = room.tokens.find(text, now) if scheme.lower() == "bearer" else None
    person = room.ring.journal.view.person(token.person) if token is not None else None
    if token is None or person is None:
        raise Trouble(
            401,
            "LQ-TOKEN",
            "no token that is known and in force",
            remedy="Authorization: Bearer lq_...; `lianqiao token create` makes one",
            headers={"WWW-Authenticate": "Bearer"},
        )
    held = {role for role in person.roles if person.holds(role, now)}
    roles = frozenset(held & set(token.roles) if token.roles else held)
    if not roles & route.roles:
        raise Trouble(
            403,
            "LQ-ROLE",
            f"this needs one of the roles {', '.join(sorted(route.roles))}",
            remedy="an admin proposes the role for a person; another approves",
        )
    return Caller(person=person.id, roles=roles), token.id


def _key(http: web.Request) -> str:
    key = http.headers.get("Idempotency-Key", "")
    legal = key.isascii() and key.isprintable() and 0 < len(key) <= KEY_MOST and " " not in key
    if not legal:
        raise Trouble(
            400,
            "LQ-IDEMPOTENCY-KEY",
            "a write carries an Idempotency-Key of 1 to 128 printable characters",
            remedy="make one key a request, and keep it to ask again",
            flaws=((("header", "Idempotency-Key"), "missing" if not key else "malformed"),),
        )
    return key


def _response(route: Route, answer: Answer, *, replayed: bool) -> web.StreamResponse:
    if not isinstance(answer, Wire):
        return answer
    headers: Mapping[str, str] = {"Idempotency-Replayed": "true"} if replayed else {}
    return web.Response(
        status=route.status,
        body=answer.model_dump_json().encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )
