"""Settlements in a list, from either end; or those whose name begins as somebody typed."""

from typing import Final

from bridge.api.routes import Answer, Call
from bridge.api.shown import line_view
from bridge.core.settlement import Settlement
from bridge.notary.projection import Projection
from bridge.notary.state.rows import Row
from schemas.answers import SettlementPage

BEHIND: Final = "~"  # sorts behind every sign of a name


async def listed(call: Call) -> Answer:
    """List settlements, oldest first or newest: all, those under way, those a name begins."""
    view, after, limit = call.room.ring.journal.view, call.after(), call.limit
    is_open, is_back = call.query.get("state") == "open", call.query.get("order") == "newest"
    if begins := call.query.get("begins"):
        begun = _begun(view, begins, limit, is_open=is_open)
        page = tuple(map(line_view, begun[::-1] if is_back else begun))
        return SettlementPage(items=page, next=None)
    if is_open:
        live = view.open_settlements()
        under_way = live[::-1] if is_back else live
        found = [one for one in under_way if _is_beyond(one.order.id, after, is_back=is_back)]
    else:
        scan = view.scan_back if is_back else view.scan
        rows = scan("settlement", after, limit + 1)
        found = [row for _, row in rows if isinstance(row, Settlement)]
    more = call.next(found[limit - 1].order.id) if len(found) > limit else None
    return SettlementPage(items=tuple(map(line_view, found[:limit])), next=more)


def _is_beyond(key: str, after: str, *, is_back: bool) -> bool:
    return not after or (key < after if is_back else key > after)


def _begun(view: Projection, begins: str, limit: int, *, is_open: bool) -> list[Settlement]:
    """Return settlements whose id or UETR begins so, or is that; the newest stands last."""
    ulid, uetr = begins.upper(), begins.lower()
    if is_open:
        live = (
            one
            for one in view.open_settlements()
            if one.order.id.startswith(ulid) or one.order.uetr.startswith(uetr)
        )
        return list(live)[-limit:]
    ids = {key for key, _ in _with(view, "settlement", ulid, limit)}
    ids |= {str(of) for _, of in _with(view, "uetr", uetr, limit)}
    found = (view.of("settlement", of, Settlement) for of in sorted(ids)[-limit:])
    return [one for one in found if one is not None]


def _with(view: Projection, kind: str, begins: str, limit: int) -> list[tuple[str, Row]]:
    rows = view.scan_back(kind, begins + BEHIND, limit)
    return [one for one in rows if one[0].startswith(begins)]
