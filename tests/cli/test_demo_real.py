"""The demo on a Fabric peer and orderer and on anvil, with T-REX and TradeTrust; or without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.bsn.fabric_network import MODULE
from adapters.bsn.fabric_tools import RegistryRefused, programs
from tests.cli.test_demo import ENDS, OF_INSTRUMENTS, TREE, stories

BAR_S = 8 * 60  # with the programs built; measured 70 s on two cores that others used too


@pytest.mark.slow
def test_every_story_ends_as_told_on_real_wires(tmp_path: Path) -> None:
    """It skips for one reason only: the module registry does not serve the release here."""
    try:
        programs(MODULE)
    except RegistryRefused as refused:
        pytest.skip(f"Hyperledger Fabric not run: {refused}")
    told = stories(tmp_path, "--wires", "real", within_s=BAR_S)
    assert told == ENDS | {"bank-killed": "settled"} | OF_INSTRUMENTS
    assert not list(tmp_path.iterdir())
    assert not _working_in(tmp_path), "a process of it goes on"


def _working_in(folder: Path) -> list[int]:
    """The processes whose working folder lies there: orderer, peers and escrows do."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if place.readlink().is_relative_to(folder):
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("lacks", "says"), [("go", "install Go 1.26 from go.dev/dl"), ("npm", "install Node.js")]
)
def test_a_missing_program_is_told_in_one_sentence(tmp_path: Path, lacks: str, says: str) -> None:
    """Neither in a cache nor on the path: which, how to get it, exit 6, and nothing is left."""
    tools, state = tmp_path / "tools", tmp_path / "state"
    tools.mkdir()
    state.mkdir()
    if lacks == "npm":
        (tools / "go").write_text("#!/bin/sh\necho go version go1.26.0 linux/amd64\n")
        (tools / "go").chmod(0o755)
    places = {"PATH": str(tools), "TMPDIR": str(state), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    given = {name: word for name, word in os.environ.items() if name != "LIANQIAO_FABRIC_BIN"}
    run = subprocess.run(
        [sys.executable, "-m", "bridge", "demo", "--once", "--wires", "real"],
        cwd=TREE,
        env={**given, **places},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, says in run.stderr) == (6, True), run.stderr
    assert not list(state.iterdir())
