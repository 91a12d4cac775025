"""Money: whole minor units of one currency. Nothing here rounds, converts or formats by itself."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

Units = NewType("Units", int)  # of a token, in its smallest unit: 0 to 2**256 - 1
UNITS_MAX = 2**256 - 1

# ISO 4217 list one: the active codes, by digits of the minor unit; those not named have two.
_DIGITS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_TWO = frozenset(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN "
        "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
        "GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
        "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN "
        "NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
        "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH "
        "USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG "
    ).split()
)


class BadMoney(ValueError):
    """Raised where a text is no currency or no amount of it; the sentence says why."""


class Rounding(Enum):
    """Which way a conversion goes when it does not come out even; the caller always says."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Currency:
    code: str  # ISO 4217 alphabetic
    digits: int  # of the minor unit: JPY 0, USD 2, BHD 3


def currency(code: str) -> Currency:
    """Return the currency of an active ISO 4217 code.

    Errors: BadMoney.
    """
    if code in _DIGITS:
        return Currency(code, _DIGITS[code])
    if code in _TWO:
        return Currency(code, 2)
    raise BadMoney(f"{code[:8]!r} is not an active ISO 4217 currency code")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency.

    Units: `minor` counts minor units; it may be negative, it is never a fraction.
    Errors: two currencies meeting without a rate is a bug of the caller: AssertionError.
    Source: ISO 4217; ISO 20022 ActiveCurrencyAndAmount.
    """

    minor: int
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, f"{self.currency.code} + {other.currency.code}"
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, f"{self.currency.code} - {other.currency.code}"
        return Money(self.minor - other.minor, self.currency)

    def __le__(self, other: "Money") -> bool:
        assert self.currency == other.currency, f"{self.currency.code} <= {other.currency.code}"
        return self.minor <= other.minor

    def __lt__(self, other: "Money") -> bool:
        assert self.currency == other.currency, f"{self.currency.code} < {other.currency.code}"
        return self.minor < other.minor

    @property
    def text(self) -> str:
        """The amount in major units with exactly the currency's digits: 1234.50."""
        digits = self.currency.digits
        sign, whole = ("-", -self.minor) if self.minor < 0 else ("", self.minor)
        if digits == 0:
            return f"{sign}{whole}"
        return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def money(text: str, code: str) -> Money:
    """Return the amount written as `text` in major units; digits beyond the minor unit are refused.

    Units: at most 18 digits before the point, so that a bank's 18 total digits never overflow.
    Errors: BadMoney.
    """
    held = currency(code)
    whole, point, fraction = text.partition(".")
    negative = whole.startswith("-")
    whole = whole[1:] if negative else whole
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 18):
        raise BadMoney(f"{text[:40]!r} is not an amount such as 1234.50")
    if point and not (fraction.isascii() and fraction.isdigit()):
        raise BadMoney(f"{text[:40]!r} is not an amount such as 1234.50")
    if len(fraction) > held.digits:
        raise BadMoney(f"{text[:40]!r} has more than the {held.digits} decimals of {code}")
    minor = int(whole) * 10**held.digits + int((fraction + "0" * held.digits)[: held.digits] or "0")
    return Money(-minor if negative else minor, held)


def units(text: str) -> Units:
    """Return the token units written as a decimal integer without sign or leading zeros.

    Errors: BadMoney.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 78) or text != str(int(text)):
        raise BadMoney(f"{text[:90]!r} is not a whole number of units")
    if int(text) > UNITS_MAX:
        raise BadMoney("more units than 256 bits can count")
    return Units(int(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many minor units of `quote` for so many of `base`, as a source said for a day.

    Units: `numerator / denominator` quote minor units per base minor unit.
    """

    base: Currency
    quote: Currency
    numerator: int
    denominator: int

    def convert(self, amount: Money, rounding: Rounding) -> Money:
        """Return `amount` of the base in the quote currency, rounded away from or towards zero."""
        assert amount.currency == self.base, f"a {self.base.code} rate met {amount.currency.code}"
        assert min(self.numerator, self.denominator) > 0, "a rate is a positive ratio"
        product = abs(amount.minor) * self.numerator
        whole = product // self.denominator
        if rounding is Rounding.UP and product % self.denominator:
            whole += 1
        return Money(-whole if amount.minor < 0 else whole, self.quote)
