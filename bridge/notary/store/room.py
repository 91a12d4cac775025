"""Whether a disk that refused us is full: it says so in more than one way."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from bridge.notary.outcomes import Full, IoFailed, LedgerError

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
LEAST: Final = 1 << 16  # bytes: two pages of a database and the index of its log do not fit in less


def is_full(folder: Path) -> bool:
    """Tell whether the disk of a folder has room for nothing of ours."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free < LEAST
    return False


def refused_by_disk(what: str, error: BaseException) -> LedgerError:
    """Return the ledger's trouble where a disk refused what the ledger cannot be written without.

    What is beside the ledger may be on another disk, so the error's own number decides.
    """
    kind = Full if isinstance(error, OSError) and error.errno in FULL else IoFailed
    return kind(f"{what}: {error}")
