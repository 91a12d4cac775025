"""Events to and from canonical values: a saga entry carries one."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from bridge.core import events
from bridge.core.canonical import Value
from bridge.core.events import Event, Reservation
from bridge.core.ids import AccountId
from bridge.core.money import Units
from bridge.notary.reading import (
    BadForm,
    Members,
    integer,
    money_form,
    money_of,
    objects,
    part,
    strictly,
    text,
    texts,
)

_EVENTS: Final[Mapping[str, type[Event]]] = {
    name: kind
    for name, kind in vars(events).items()
    if isinstance(kind, type)
    and issubclass(kind, events.Fact | events.Answer)
    and kind
    not in {events.Fact, events.Answer, events.AssetFact, events.PaymentFact, events.Decided}
}
_FIELDS: Final = {name: tuple(field.name for field in fields(k)) for name, k in _EVENTS.items()}
_INTEGERS: Final = frozenset({"units", "until", "number", "visit"})


def event_form(event: Event) -> dict[str, Value]:
    """Return an event as a value: its name, then its fields."""
    name = type(event).__name__
    body: dict[str, Value] = {"name": name}
    for field in _FIELDS[name]:
        value: Any = getattr(event, field)
        if field in _INTEGERS:
            body[field] = str(value)
        elif field == "amount":
            body[field] = money_form(value)
        elif field == "reservations":
            body[field] = [reservation_form(held) for held in value]
        else:
            body[field] = list(value) if field == "freezes" else value
    return body


def event_of(members: Members) -> Event:
    """Return the event of its value. Errors: BadForm."""
    name = text(members, "name")
    if name not in _EVENTS or len(members) != len(_FIELDS[name]) + 1:
        raise BadForm(f"event: {name!r} is none, or has other members")
    values: dict[str, Any] = {}
    for field in _FIELDS[name]:
        if field in _INTEGERS:
            values[field] = integer(members, field)
        elif field == "amount":
            values[field] = strictly(part(members, field), money_of, money_form, field)
        elif field == "reservations":
            values[field] = tuple(map(reservation_of, objects(members, field)))
        elif field == "freezes":
            values[field] = texts(members, field)
        else:
            values[field] = text(members, field)
    return _EVENTS[name](**values)


def reservation_form(held: Reservation) -> dict[str, Value]:
    """Return what a verdict reserves, as a value."""
    return {
        "account": held.account,
        "units": str(held.units),
        "unit": held.unit,
        "limit": str(held.limit),
    }


def reservation_of(members: Members) -> Reservation:
    """Return what a verdict reserves. Errors: BadForm."""
    return strictly(members, _reservation, reservation_form, "reservation")


def _reservation(members: Members) -> Reservation:
    return Reservation(
        AccountId(text(members, "account")),
        Units(integer(members, "units")),
        text(members, "unit"),
        Units(integer(members, "limit")),
    )
