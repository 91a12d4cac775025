"""Every leaf form and its way back, under one name; each reader is strict."""

from bridge.notary.event_forms import event_form, event_of, reservation_form, reservation_of
from bridge.notary.order_forms import (
    act_of,
    consent_of,
    instrument_of,
    leg_of,
    order_form,
    order_of,
    paper_of,
    settlement_form,
    settlement_of,
)
from bridge.notary.reading import BadForm
from bridge.notary.register_forms import (
    asset_form,
    asset_of,
    lane_form,
    lane_of,
    party_form,
    party_of,
    person_form,
    person_of,
    register_form,
)

__all__ = [
    "BadForm",
    "act_of",
    "asset_form",
    "asset_of",
    "consent_of",
    "event_form",
    "event_of",
    "instrument_of",
    "lane_form",
    "lane_of",
    "leg_of",
    "order_form",
    "order_of",
    "paper_of",
    "party_form",
    "party_of",
    "person_form",
    "person_of",
    "register_form",
    "reservation_form",
    "reservation_of",
    "settlement_form",
    "settlement_of",
]
