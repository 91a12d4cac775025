"""Check digits, amounts and times, against what their standards compute."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.iso20022 import codes, values

IBANS = (
    "GB82WEST12345698765432",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
    "KZ86125KZT5004100100",
    "AE070331234567890123456",
    "LC55HEMM000100010012001200023015",
)
LEIS = ("529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12", "V459EV5XD3WK5MR0HW37")


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_holds(iban: str) -> None:
    assert values.is_iban(iban)


@given(st.sampled_from(IBANS), st.data())
def test_one_character_changed_is_no_iban(iban: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(iban) - 1))
    kind = string.digits if iban[at].isdigit() else string.ascii_uppercase
    other = data.draw(st.sampled_from(kind))
    changed = iban[:at] + other + iban[at + 1 :]
    assert values.is_iban(changed) == (changed == iban)


@given(st.sampled_from(IBANS), st.integers(4, 12))
def test_two_neighbours_exchanged_are_no_iban(iban: str, at: int) -> None:
    changed = iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :]
    assert values.is_iban(changed) == (changed == iban)


@given(st.text(max_size=40))
def test_any_text_is_an_iban_or_none(text: str) -> None:
    assert values.is_iban(text) in (True, False)
    assert values.is_lei(text) in (True, False)
    assert values.is_routing_number(text) in (True, False)


@pytest.mark.parametrize("lei", LEIS)
def test_a_lei_holds(lei: str) -> None:
    assert values.is_lei(lei)
    assert not values.is_lei(lei[:-1] + str((int(lei[-1]) + 1) % 10))


def test_every_iban_country_is_one() -> None:
    assert set(codes.IBAN) <= codes.COUNTRIES
    assert len(codes.COUNTRIES) == 250


@pytest.mark.parametrize(
    ("text", "digits"),
    [("1", 0), ("1.0", 0), ("1.50", 1), (" 1.5 ", 1), ("000136480.00000", 0), ("1.12345", 5)],
)
def test_digits_that_mean_something(text: str, digits: int) -> None:
    assert values.fraction_digits(text) == digits


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T24:00:00Z", 86_400_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T00:00:00.0019Z", 1),
        ("1970-01-01T00:00:00", None),
        ("1972-02-29T23:59:60.5+05:30", 68_236_200_500),
        ("1971-02-29T00:00:00Z", None),
        ("9999-12-31T23:00:00-01:00", None),
        ("0001-01-01T00:30:00+01:00", None),
        ("9999-12-31T24:00:00+01:00", None),
        ("0000-01-01T00:00:00Z", None),
        ("9999-12-31T24:00:00Z", None),
        ("10000-01-01T00:00:00Z", None),
    ],
)
def test_an_instant(text: str, moment: int | None) -> None:
    assert values.instant_ms(text) == moment


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("2026-11-14", True),
        (" 2026-11-14 ", True),
        ("2026-11-14Z", False),
        ("2026-11-14+08:00", False),
        ("2026-02-30", False),
        ("-2026-11-14", False),
        ("2026-W46-6", False),
    ],
)
def test_a_plain_date(text: str, is_plain: bool) -> None:
    assert values.is_plain_date(text) == is_plain


@given(st.lists(st.text(max_size=20), max_size=6))
def test_the_quick_answer_never_differs_from_the_slow_one(texts: list[str]) -> None:
    if values.are_plain(texts, "".join(texts)):
        assert all(values.is_sound(text) for text in texts)
    assert values.are_x("".join(texts)) == all(values.is_x(text) for text in texts)


def test_set_x_is_what_it_is() -> None:
    base = string.ascii_letters + string.digits + " /-?:().,'+"
    extended = '!#$%&*=^_`{|}~";<>@[\\]'
    for code in range(32, 0x250):
        letter = chr(code)
        assert values.is_x(letter) == (letter in base)
        assert values.is_extended_x(letter) == (letter in base + extended)
