"""Every rule, in the order of its sections, and the set that is in force for a message."""

from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from schemas.iso20022.definitions import shipped
from schemas.iso20022.findings import Rule
from schemas.iso20022.rules import (
    addresses,
    answers,
    cbpr_answers,
    cbpr_transfers,
    correlation,
    envelope,
    header,
    markets,
    transfers,
    values,
)

_MOST_SETS = 4_096  # (profile, message, day) kept; a daemon meets few


class RuleSet:
    """Rules, and those of them that hold for a profile, a message and a day, found once."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._held: dict[tuple[str, str, date], tuple[tuple[Rule, ...], str]] = {}

    def in_force(self, profile: str, kind: str, on: date) -> tuple[tuple[Rule, ...], str]:
        """The rules that hold, in order, and the digest under which they are kept."""
        key = (profile, kind, on)
        if key not in self._held:
            if len(self._held) >= _MOST_SETS:
                self._held.clear()
            rules = tuple(rule for rule in self.rules if rule.holds(profile, kind, on))
            said = "\n".join((written(), profile, *(rule.facts() for rule in rules)))
            self._held[key] = rules, sha256(said.encode()).hexdigest()
        return self._held[key]


@cache
def written() -> str:
    """A digest of what the checks are written in: their files, and the definitions they read."""
    here = Path(__file__).parent
    files = sorted(here.glob("*.py")) + sorted(here.parent.glob("*.py"))
    hashed = sha256(shipped().digest.encode())
    for file in files:
        hashed.update(file.read_bytes())
    return hashed.hexdigest()


RULES = RuleSet(
    tuple(
        rule
        for chapter in (
            envelope,
            values,
            transfers,
            answers,
            header,
            cbpr_transfers,
            cbpr_answers,
            addresses,
            markets,
            correlation,
        )
        for rule in chapter.CHAPTER.rules
    )
)
