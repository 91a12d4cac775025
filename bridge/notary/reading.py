"""Reading a value strictly: each member of the type it should have, none overlooked."""

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from bridge.core.canonical import Value
from bridge.core.ids import Digest
from bridge.core.money import BadMoney, Money, currency
from bridge.core.parties import Commitment

Members = Mapping[str, Value]
T = TypeVar("T")


class BadForm(ValueError):
    """Raised for a value that is not the leaf form of what it should be; names the member."""


def text(members: Members, name: str) -> str:
    """Return a member that is text. Errors: BadForm."""
    value = members.get(name)
    if not isinstance(value, str):
        raise BadForm(f"{name}: text was expected")
    return value


def flag(members: Members, name: str) -> bool:
    """Return a member that is true or false. Errors: BadForm."""
    value = members.get(name)
    if not isinstance(value, bool):
        raise BadForm(f"{name}: true or false was expected")
    return value


def integer(members: Members, name: str) -> int:
    """Return a member that is an integer in decimal text. Errors: BadForm."""
    return integer_of(text(members, name), name)


def count(members: Members, name: str, *, least: int = 0) -> int:
    """Return a member that is an integer not below `least`. Errors: BadForm."""
    found = integer(members, name)
    if found < least:
        raise BadForm(f"{name}: {found} is below {least}")
    return found


def integer_of(written: str, name: str) -> int:
    """Return the integer whose only spelling is `written`. Errors: BadForm."""
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 78):
        raise BadForm(f"{name}: {written[:80]!r} is not an integer")
    number = int(written)
    if str(number) != written:
        raise BadForm(f"{name}: {written[:80]!r} is not the integer's only spelling")
    return number


def part(members: Members, name: str) -> Members:
    """Return a member that is an object. Errors: BadForm."""
    value = members.get(name)
    if not isinstance(value, Mapping):
        raise BadForm(f"{name}: an object was expected")
    return value


def items(members: Members, name: str) -> tuple[Value, ...]:
    """Return a member that is an array. Errors: BadForm."""
    value = members.get(name)
    if not isinstance(value, list | tuple):
        raise BadForm(f"{name}: an array was expected")
    return tuple(value)


def texts(members: Members, name: str) -> tuple[str, ...]:
    """Return a member that is an array of texts. Errors: BadForm."""
    values = items(members, name)
    if not all(isinstance(value, str) for value in values):
        raise BadForm(f"{name}: an array of texts was expected")
    return cast("tuple[str, ...]", values)


def objects(members: Members, name: str) -> tuple[Members, ...]:
    """Return a member that is an array of objects. Errors: BadForm."""
    values = items(members, name)
    if not all(isinstance(value, Mapping) for value in values):
        raise BadForm(f"{name}: an array of objects was expected")
    return cast("tuple[Members, ...]", values)


def plain(value: object) -> object:
    """Return a value with its tuples as lists, so that two spellings of one form are equal."""
    if isinstance(value, Mapping):
        return {name: plain(member) for name, member in cast("Members", value).items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in cast("list[object]", value)]
    return value


def strictly(
    members: Members, build: Callable[[Members], T], form: Callable[[T], Value], what: str
) -> T:
    """Return what `build` reads, if its form is again exactly `members`. Errors: BadForm."""
    try:
        value = build(members)
    except (KeyError, ValueError, BadMoney) as error:
        raise BadForm(f"{what}: {error}") from error
    again = form(value)
    if again != members and plain(again) != plain(members):  # lists and tuples are one form
        raise BadForm(f"{what}: a member too many, missing, or spelt in another way")
    return value


def money_form(amount: Money) -> dict[str, Value]:
    """Return the form of an amount."""
    return {"currency": amount.currency.code, "minor": str(amount.minor)}


def money_of(members: Members) -> Money:
    """Return the amount of its form. Errors: BadForm, BadMoney."""
    return Money(integer(members, "minor"), currency(text(members, "currency")))


def commitment_of(members: Members, name: str) -> Commitment:
    """Return the commitment of a member `{"h": …}`. Errors: BadForm."""
    return Commitment(Digest(text(part(members, name), "h")))
