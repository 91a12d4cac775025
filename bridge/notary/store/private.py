"""A file that only its owner reads, whatever the folder and the umask allow."""

from contextlib import suppress
from pathlib import Path


def private(path: Path) -> None:
    """Make a new file that nobody else reads; what SQLite lays beside it has the same mode.

    A file that is there is not opened: closing it would let go of this process's locks on it.
    """
    with suppress(OSError):  # it is there, or SQLite says what is wrong
        path.touch(mode=0o600, exist_ok=False)
