"""Every failure is one problem document: a code, a sentence, the place, the remedy, no trace.

Source: RFC 9457.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web

from schemas.answers import Flaw, Problem

_TITLES: Mapping[int, str] = {
    400: "The request is not well formed",
    401: "Who asks is not known",
    403: "Who asks may not",
    404: "There is no such thing",
    405: "That method does not apply here",
    406: "No such form can be given",
    408: "The request came too slowly",
    409: "It does not fit what is there",
    411: "The request does not say how long it is",
    413: "The request is too large",
    414: "The address is too long",
    415: "That form is not read here",
    417: "The expectation cannot be met",
    422: "The request cannot be carried out",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "It cannot be done now",
}


class Trouble(Exception):
    """Raised where a request is answered with a problem document; caught in the middleware."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        remedy: str,
        flaws: Sequence[tuple[Sequence[str], str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.flaws = tuple((tuple(loc), what) for loc, what in flaws)
        self.headers = dict(headers or {})


def problem(trouble: Trouble, *, instance: str, request_id: str) -> web.Response:
    """Return the document a failure is told in."""
    document = Problem(
        type=f"/problems/{trouble.code.removeprefix('LQ-').lower()}",
        title=_TITLES.get(trouble.status, "It failed"),
        status=trouble.status,
        detail=trouble.detail,
        instance=instance,
        code=trouble.code,
        remedy=trouble.remedy,
        request_id=request_id,
        errors=tuple(Flaw(loc=loc, code=what) for loc, what in trouble.flaws),
    )
    return web.Response(
        status=trouble.status,
        body=document.model_dump_json().encode(),
        content_type="application/problem+json",
        headers={**trouble.headers, "X-Request-Id": request_id},
    )


def of_http(error: web.HTTPException) -> Trouble:
    """Return what aiohttp itself refused, as a problem of ours."""
    allowed = error.headers.get("Allow")
    headers = {"Allow": allowed} if allowed else {}
    details = {
        404: "nothing is served at this address",
        405: f"this address takes {allowed or 'another method'}",
        413: "the body is larger than this desk reads",
    }
    return Trouble(
        error.status,
        f"LQ-HTTP-{error.status}",
        details.get(error.status, "the request cannot be read"),
        remedy="GET /openapi.json describes every route",
        headers=headers,
    )
