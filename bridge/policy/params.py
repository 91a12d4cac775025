"""Reading a rule's parameters: each of its type, every one there, none that nobody knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bridge.core.canonical import Value
from bridge.core.money import BadMoney, currency
from bridge.policy.verdict import Outcome, QuotaAsk, Test

PERIODS = frozenset({"calendar_day", "calendar_month", "calendar_year", "ever"})
MEASURES = frozenset({"payment_out", "payment_in", "asset_out", "asset_in"})


class BadPack(ValueError):
    """Raised where a pack does not load; the sentence names the rule and the member."""


@dataclass(slots=True)
class Params:
    """The parameters of one rule, taken one by one; what is left over is refused."""

    rule: str
    jurisdiction: str
    members: Mapping[str, Value]
    taken: set[str] = field(default_factory=set)

    def text(self, name: str, *allowed: str) -> str:
        """Return a parameter that is text, one of `allowed` where they are given."""
        value = self._take(name)
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            known = f", one of {', '.join(allowed)}" if allowed else ""
            raise BadPack(f"{self.rule}: params.{name} is text{known}")
        return value

    def texts(self, name: str, *, empty: bool = False) -> tuple[str, ...]:
        """Return a parameter that is an array of texts."""
        value = self._take(name)
        if not isinstance(value, list | tuple) or not (value or empty):
            raise BadPack(f"{self.rule}: params.{name} is an array of texts")
        words = tuple(one for one in value if isinstance(one, str) and one)
        if len(words) != len(value):
            raise BadPack(f"{self.rule}: params.{name} is an array of texts")
        return words

    def flag(self, name: str) -> bool:
        """Return a parameter that is true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise BadPack(f"{self.rule}: params.{name} is true or false")
        return value

    def whole(self, name: str) -> int:
        """Return a parameter that is a whole number, not below zero."""
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 38) or str(int(text)) != text:
            raise BadPack(f"{self.rule}: params.{name} is a whole number in decimal text")
        return int(text)

    def currency(self, name: str) -> str:
        """Return a parameter that is an active currency code."""
        try:
            return currency(self.text(name)).code
        except BadMoney as error:
            raise BadPack(f"{self.rule}: params.{name}: {error}") from error

    def outcome(self, name: str, *allowed: Outcome) -> Outcome:
        """Return a parameter that is an outcome, one of `allowed`."""
        word = self.text(name, *(one.word for one in allowed))
        return next(one for one in allowed if one.word == word)

    def rows(self, name: str, *members: str) -> tuple[tuple[str, ...], ...]:
        """Return a parameter that is a table: objects of exactly these members, all text."""
        value = self._take(name)
        if not isinstance(value, list | tuple) or not value:
            raise BadPack(f"{self.rule}: params.{name} is a table that is not empty")
        table: list[tuple[str, ...]] = []
        for row in value:
            if not isinstance(row, Mapping) or set(row) != set(members):
                raise BadPack(f"{self.rule}: a row of params.{name} has {', '.join(members)}")
            words = tuple(word for member in members if isinstance(word := row[member], str))
            if len(words) != len(members):
                raise BadPack(f"{self.rule}: a row of params.{name} is text throughout")
            table.append(words)
        return tuple(table)

    def finish(self) -> None:
        """See that no parameter is left that this kind does not know."""
        if left := self.members.keys() - self.taken:
            raise BadPack(f"{self.rule}: params.{min(left)} is not a parameter of this kind")

    def _take(self, name: str) -> Value:
        self.taken.add(name)
        if name not in self.members:
            raise BadPack(f"{self.rule}: params.{name} is missing")
        return self.members[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A kind with its parameters filled: the test, and what has to be gathered for it."""

    test: Test
    facts: frozenset[str] = frozenset()
    quotas: tuple[QuotaAsk, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of rule. `points`: where what it looks at can have changed."""

    name: str
    points: frozenset[str]
    read: Callable[[Params], Made]
    could_block: bool = False
