"""Settlements in a list, from either end; or those whose name begins as somebody typed."""

from bridge.api.routes import Answer, Call
from bridge.api.shown import line_view
from bridge.core.settlement import Settlement
from bridge.notary.projection import Projection
from bridge.notary.state.rows import Row
from schemas.answers import SettlementPage


async def listed(call: Call) -> Answer:
    """List settlements, oldest first or newest: all, those under way, those a name begins."""
    view, after, limit = call.room.ring.journal.view, call.after(), call.limit
    is_back = call.query.get("order") == "newest"
    if begins := call.query.get("begins"):
        return SettlementPage(items=tuple(map(line_view, _begun(view, begins, limit))), next=None)
    if call.query.get("state") == "open":
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


def _begun(view: Projection, begins: str, limit: int) -> list[Settlement]:
    """Return the settlements whose id or UETR begins so, in the order of their ids."""
    ids = {key for key, _ in _with(view, "settlement", begins.upper(), limit)}
    ids |= {str(of) for _, of in _with(view, "uetr", begins.lower(), limit)}
    found = (view.of("settlement", of, Settlement) for of in sorted(ids)[:limit])
    return [one for one in found if one is not None]


def _with(view: Projection, kind: str, begins: str, limit: int) -> list[tuple[str, Row]]:
    return [one for one in view.scan(kind, begins, limit) if one[0].startswith(begins)]
