"""What the ledger answers to a group, and the trouble it can be in."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bridge.notary.entries import Entry


class LedgerError(Exception):
    """Trouble with the ledger itself; caught in the daemon and at the API's edge only."""


class Overloaded(LedgerError):
    """Raised before anything is written: too many groups wait, or wait too long. Try later."""


class WrongClock(Overloaded):
    """Raised before anything is written: the clock cannot be right, and its time would bind."""


class Fenced(LedgerError):
    """Raised when another writer holds a later term: this one has to stop."""


class Damaged(LedgerError):
    """Raised when stored bytes contradict each other; the ledger stays readable, no more."""

    def __init__(self, entry: int, why: str) -> None:
        super().__init__(f"entry {entry}: {why}")
        self.entry = entry
        self.why = why


class Full(LedgerError):
    """Raised when the disk is full: nothing of the batch is there; writing has stopped."""


class IoFailed(LedgerError):
    """Raised when the disk or its driver failed: writing has stopped and is not tried again."""


class OtherLayout(LedgerError):
    """Raised for a file whose tables another release laid out: nothing in it was touched."""

    def __init__(self, file: Path, found: object, known: int) -> None:
        super().__init__(f"{file}: its layout is version {found}, this release reads {known} only")


class Closed(LedgerError):
    """Raised for what is asked of a journal that was closed or only reads."""


class NotPromised(LedgerError):
    """Raised for a level of acknowledgement nobody is configured to give."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The group is in the ledger; its entries are durable here."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same ids with the same bodies were there before: the first answer, byte for byte."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class RefusedGroup:
    """Judged and refused. `n` is the entry that says so, or would have been the group's first."""

    code: int
    sentence: str
    n: int


@dataclass(frozen=True, slots=True)
class Stale:
    """A settlement has moved on meanwhile: nothing is written, no id is spent."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An id is already in the ledger with another body, for ever: nothing is written."""

    id: str


Outcome: TypeAlias = Committed | Replayed | RefusedGroup | Stale | Conflict
