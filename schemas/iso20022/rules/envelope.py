"""What keeps a message from being one: found while it is read, weighed here."""

from collections.abc import Iterator

from schemas.iso20022.envelope import Flaw
from schemas.iso20022.findings import Case, Chapter, Mark

CHAPTER = Chapter()
rule = CHAPTER.rule


def _flaws(case: Case, name: str) -> Iterator[Flaw]:
    return (flaw for flaw in case.flaws if flaw.rule == name)


@rule("ISO-ENV-000", "O", Mark.A, of_header=True, of_flaws=True)
def readable(case: Case) -> Iterator[Flaw]:
    """The bytes are one well-formed document in UTF-8 without a document type."""
    yield from _flaws(case, "ISO-ENV-000")


@rule("ISO-ENV-001", "O", Mark.A, of_header=True, of_flaws=True)
def one_document(case: Case) -> Iterator[Flaw]:
    """There is one document and at most one header, both in namespaces of ISO 20022."""
    yield from _flaws(case, "ISO-ENV-001")


@rule("ISO-ENV-002", "S", Mark.A, of_header=True, of_flaws=True)
def valid(case: Case) -> Iterator[Flaw]:
    """Header and document are valid, each by the schema of its own namespace."""
    yield from _flaws(case, "ISO-ENV-002")


@rule("ISO-ENV-003", "O", Mark.A, of_header=True, of_flaws=True)
def spoken(case: Case) -> Iterator[Flaw]:
    """The message is spoken under this profile in this version."""
    yield from _flaws(case, "ISO-ENV-003")


@rule("ISO-ENV-004", "F", Mark.C, of_header=True, of_flaws=True)
def wrapper_agrees(case: Case) -> Iterator[Flaw]:
    """A wrapper that names a message names the one inside."""
    yield from _flaws(case, "ISO-ENV-004")


@rule("ISO-VAL-004", "S", Mark.A, of_header=True, of_flaws=True)
def uetr_form(case: Case) -> Iterator[Flaw]:
    """A UETR is a UUID of version 4 in lower case."""
    for flaw in case.flaws:
        if flaw.type == "UUIDv4Identifier" and flaw.detail.endswith("PATTERN_VALID"):
            yield flaw
