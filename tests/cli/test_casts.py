"""What is said of wires before they are loaded, and what loading them early would cost."""

import subprocess
import sys

import pytest

from bridge.cli.wires import CASTS, fetched
from tests.cli.demo_runs import TREE


@pytest.mark.parametrize("wires", CASTS)
def test_a_cast_that_fetches_has_a_world_that_says_what(wires: str) -> None:
    assert CASTS[wires].fetches is bool(fetched(CASTS[wires]))


def test_no_world_is_loaded_to_learn_whether_it_fetches() -> None:
    """It takes a second, and reads certificates that loopback has no use for."""
    code = (
        "import os, sys; from bridge.cli.demo import demo; "
        "import bridge.cli.wires as wires; "
        "wires.registry.load = lambda *_: os._exit(3); "
        "import bridge.cli.stories as stories; stories.told_on = lambda _: os._exit(0); "
        "demo(['--wires', 'embedded'])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=TREE, timeout=60, check=False)
    assert run.returncode == 0
