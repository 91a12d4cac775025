"""What a dev chain has done, line after line in a file, so that one that was killed comes back."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Tape:
    """Lines of JSON in a file; half a last line is gone once it is opened."""

    def __init__(self, file: Path) -> None:
        self._path = file
        raw = file.read_bytes() if file.exists() else b""
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._file, raw.rfind(b"\n") + 1)  # nobody had heard of what is cut off
        _sync(file.parent)

    def lines(self) -> list[dict[str, Any]]:
        """Return what is on it."""
        return [json.loads(line) for line in self._path.read_bytes().splitlines()]

    def add(self, line: Mapping[str, object]) -> None:
        """Write a line; it is on disk. Who cannot write it ends: nobody may hear of what is not."""
        left = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            while left:  # a disk may take less than it was given, and say so
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError as error:
            sys.stderr.write(f"the dev chain ends: {self._path}: {error.strerror}\n")
            sys.stderr.flush()
            os._exit(1)

    def close(self) -> None:
        """End it."""
        os.close(self._file)


def _sync(folder: Path) -> None:
    """Make a file that is new in a folder last: its own bytes on disk do not."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
