"""Which question an answer belongs to: every key it bears must lead to the same one.

By UETR; else by the original message with InstrId or TxId; else by that message alone where it
held one transaction. Never by EndToEndId or amount alone. Keys that disagree are an alarm, and
what matches nothing waits for its question.
Source: notes on ISO 20022, section 6, COR-001 to COR-003.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from adapters.iso20022.reading import References


class Disagreement(ValueError):
    """Raised where the keys of one statement lead to different questions: COR-002."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One message of ours that may be answered."""

    message: str  # its id
    kind: str  # pacs.008.001.08
    uetr: str = ""
    instruction: str = ""
    transaction: str = ""


class Questions(Protocol):
    """Where questions are found."""

    def by_uetr(self, uetr: str) -> tuple[Asked, ...]:
        """Return every message about a UETR."""
        ...

    def by_message(self, message: str) -> tuple[Asked, ...]:
        """Return what was asked by a message."""
        ...

    def by_instruction(self, instruction: str) -> tuple[Asked, ...]:
        """Return what was asked under an InstrId."""
        ...

    def by_transaction(self, transaction: str) -> tuple[Asked, ...]:
        """Return what was asked under a TxId."""
        ...


def find(about: References, questions: Questions) -> tuple[Asked, ...]:
    """Return the question of a statement, or nothing where there is none yet.

    More than one where a message and its cover answer to the same keys.
    Errors: Disagreement.
    """
    found: tuple[Asked, ...] = ()
    if about.uetr:
        found = questions.by_uetr(about.uetr)
        if not found and questions.by_message(about.message):
            raise Disagreement("the message is ours, the UETR is not")
    elif about.message:
        found = questions.by_message(about.message)
        if not about.instruction and not about.transaction and len(found) > 1:
            return ()  # it held several, and nothing says which
    elif about.instruction:
        found = questions.by_instruction(about.instruction)
    elif about.transaction:
        found = questions.by_transaction(about.transaction)
    if not found:
        return ()
    left = _narrowed(found, about)
    if not left:
        raise Disagreement("its keys lead to different questions")
    return left


def _narrowed(found: tuple[Asked, ...], about: References) -> tuple[Asked, ...]:
    left: Iterable[Asked] = found
    if about.message:
        left = [one for one in left if one.message == about.message]
    if about.instruction:
        left = [one for one in left if one.instruction in {"", about.instruction}]
    if about.transaction:
        left = [one for one in left if one.transaction in {"", about.transaction}]
    if about.message_name:
        left = [one for one in left if one.kind[:8] == about.message_name[:8]]
    return tuple(left)
