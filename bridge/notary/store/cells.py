"""What a database gives for a cell is of the kind that was written, or its page is damaged."""

from typing import TypeAlias

from bridge.notary.outcomes import IoFailed

Cell: TypeAlias = int | str | bytes | None


def text_in(cell: Cell) -> str:
    """Return the text of a cell. Errors: IoFailed."""
    if not isinstance(cell, str):
        raise IoFailed(f"text was expected where {type(cell).__name__} is: a damaged page")
    return cell


def int_in(cell: Cell) -> int:
    """Return the integer of a cell. Errors: IoFailed."""
    if not isinstance(cell, int):
        raise IoFailed(f"an integer was expected where {type(cell).__name__} is: a damaged page")
    return cell


def bytes_in(cell: Cell) -> bytes:
    """Return the bytes of a cell. Errors: IoFailed."""
    if not isinstance(cell, bytes):
        raise IoFailed(f"bytes were expected where {type(cell).__name__} is: a damaged page")
    return cell
