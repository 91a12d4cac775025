"""What is said of wires before they are loaded, and what loading them early would cost."""

import subprocess
import sys

import pytest

from bridge.cli.instruments import INSTRUMENT_STORIES
from bridge.cli.repertoire import NAMES, OF_A_WIRE, OF_INSTRUMENTS
from bridge.cli.stories import STORIES
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
        "import bridge.cli.demo as told; told.told_on = lambda _: os._exit(0); "
        "demo(['--wires', 'embedded'])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=TREE, timeout=60, check=False)
    assert run.returncode == 0


def test_each_story_that_is_named_is_told_and_each_that_is_told_is_named() -> None:
    assert tuple(STORIES) == NAMES
    assert frozenset(INSTRUMENT_STORIES) == OF_INSTRUMENTS
    assert set(OF_A_WIRE) <= set(NAMES)


def test_what_tells_stories_is_loaded_while_the_wires_start() -> None:
    """Else every process of the demo would begin so much later."""
    code = (
        "import sys; from bridge.cli.demo import demo; "
        "import bridge.cli.stage, adapters.bsn.stand, adapters.evm.stand, adapters.iso20022.stand; "
        "print(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=TREE, timeout=60, check=True, capture_output=True
    )
    loaded = set(run.stdout.decode().split())
    late = {"aiohttp", "pydantic", "eth_abi", "eth_utils", "structlog", "bridge.cli.stories"}
    assert not (late | {"adapters.evm.nodes", "bridge.policy", "bridge.notary.journal"}) & loaded
