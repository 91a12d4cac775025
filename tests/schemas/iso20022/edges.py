"""Right messages near the edge of a rule, kept by name."""

from datetime import date

from schemas.iso20022.findings import NOTHING_AGREED, Agreement
from schemas.iso20022.known import Known
from tests.schemas.iso20022.faults import BEFORE, CBPR, Told, swapped

EDGES: dict[str, Told] = {}


def right(
    name: str,
    text: str,
    *swaps: tuple[str, str],
    profile: str = CBPR,
    on: date = BEFORE,
    agreement: Agreement | None = None,
    now_ms: int | None = None,
    known: Known | None = None,
    is_outbound: bool = False,
) -> None:
    """Keep a message that must have no finding."""
    assert name not in EDGES, name
    EDGES[name] = Told(
        text=swapped(text, *swaps),
        profile=profile,
        on=on,
        agreement=agreement or NOTHING_AGREED,
        now_ms=now_ms,
        known=known,
        is_outbound=is_outbound,
    )
