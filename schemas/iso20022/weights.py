"""How much a broken rule weighs."""

from enum import StrEnum


class Severity(StrEnum):
    """How much a broken rule weighs."""

    WARN = "warn"
    HOLD = "hold"
    REFUSE = "refuse"

    @property
    def rank(self) -> int:
        """The heavier, the higher."""
        return _ORDER.index(self)


_ORDER = (Severity.WARN, Severity.HOLD, Severity.REFUSE)
