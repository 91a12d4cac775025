"""A machine on which an environment cannot be made, or where one serves that is there."""

from pathlib import Path

import pytest

from bridge import __main__ as first
from tests.bootstrap.conftest import TREE, Place

# Installs as uv would, from the folder of wheels, and writes down how it was called.


def test_an_environment_that_is_there_serves_where_nothing_may_be_written(place: Place) -> None:
    """A read-only home holds no lock; one that needs no maker needs no lock either."""
    made = place.told(place.start())["prefix"]
    (place.home / f"{Path(str(made)).name}.lock").unlink()
    (place.home / f"{Path(str(made)).name}.lock").mkdir()  # not to be written, also by root
    assert place.told(place.start())["prefix"] == made


@pytest.mark.parametrize(
    ("said", "code", "sentence", "remedy"),
    [
        (
            "ERROR: Could not install packages: [Errno 28] No space left on device",
            1,
            "No space left on device",
            "LIANQIAO_CACHE",
        ),
        (
            "WARNING: NewConnectionError('<x>: [Errno -3] Temporary failure in name resolution')",
            6,
            "cannot be reached: Temporary failure in name resolution.",
            "--offline --wheels DIR",
        ),
    ],
)
def test_why_pip_failed_is_said_with_what_mends_it(
    said: str, code: int, sentence: str, remedy: str
) -> None:
    why = first.why_not(said, TREE / "bridge" / "locks" / "core.txt")
    assert why.code == code
    told, _, following = str(why).partition("\nnext: ")
    assert sentence in told
    assert remedy in following
