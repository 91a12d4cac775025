"""The counterparty bank's own books: double entry, so that money neither appears nor disappears."""

from dataclasses import dataclass, field

from bridge.core.money import Currency, Money

VAULT = "vault"  # where the money of a demo comes from; the only account that may be below zero


class Overdrawn(ValueError):
    """Raised where an account has less than is to be taken from it, or is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One movement: from one account to another, under one reference."""

    number: int
    giver: str
    taker: str
    amount: Money
    about: str  # UETR, or what an opening is for


@dataclass(slots=True)
class Books:
    """Accounts by number and currency, and every line that made them what they are."""

    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def open(self, account: str, currency: Currency, minor: int = 0) -> None:
        """Open an account, with money from the vault in it."""
        self.balances.setdefault((account, currency.code), 0)
        if minor:
            self.move(VAULT, account, Money(minor, currency), "opening")

    def holds(self, account: str, currency: str) -> bool:
        """Whether that account is kept here."""
        return (account, currency) in self.balances

    def has(self, account: str, amount: Money) -> bool:
        """Whether so much can be taken from an account."""
        return self.balances.get((account, amount.currency.code), -1) >= amount.minor

    def move(self, giver: str, taker: str, amount: Money, about: str) -> Line:
        """Move money. Errors: Overdrawn, and nothing has moved."""
        code = amount.currency.code
        if amount.minor <= 0 or not self.holds(taker, code):
            raise Overdrawn(f"{taker} takes no such amount")
        if giver != VAULT and not self.has(giver, amount):
            raise Overdrawn(f"{giver} has less")
        self.balances[giver, code] = self.balances.get((giver, code), 0) - amount.minor
        self.balances[taker, code] += amount.minor
        line = Line(
            number=len(self.lines) + 1, giver=giver, taker=taker, amount=amount, about=about
        )
        self.lines.append(line)
        return line

    def moved(self, about: str, taker: str) -> int:
        """Return how much an account took under a reference, less what it gave back."""
        taken = sum(
            one.amount.minor for one in self.lines if (one.about, one.taker) == (about, taker)
        )
        given = sum(
            one.amount.minor for one in self.lines if (one.about, one.giver) == (about, taker)
        )
        return taken - given

    @property
    def total(self) -> int:
        """The sum of every account, which is nothing."""
        return sum(self.balances.values())
