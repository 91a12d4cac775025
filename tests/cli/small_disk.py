"""A disk of the size a test wants, or one that nobody may write, in a namespace of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest

# $0 is where the disk is mounted, $1 its options; what is left on it is said at the end
MOUNTED = 'mount -t tmpfs -o "$1" none "$0"; shift; "$@"; code=$?; ls -A "$0"; exit $code'


def on_a_disk(place: Path, options: str, *command: str) -> list[str]:
    """Return the command that runs another with a disk of these options mounted at a place."""
    place.mkdir(exist_ok=True)
    return ["unshare", "-rm", "sh", "-c", MOUNTED, str(place), options, *command]


def may_mount(place: Path) -> None:
    """Skip where this machine lets nobody mount a disk of their own."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    tried = subprocess.run(
        on_a_disk(place, "size=64k", "true"), capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"no disk of our own can be mounted here: {tried.stderr.strip()}")
