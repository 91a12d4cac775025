"""The demo on a Fabric peer and orderer and on anvil, with T-REX and TradeTrust; or without."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.bsn.fabric_network import MODULE
from adapters.bsn.fabric_stand import not_up
from adapters.bsn.fabric_tools import RegistryRefused, programs
from tests.cli.demo_runs import TREE, left, nothing_runs, read_until, started, stories
from tests.cli.test_demo import ENDS, OF_A_WIRE, OF_INSTRUMENTS

BAR_S = 8 * 60  # with the programs built; measured 70 s on two cores that others used too
SERVERS = 3  # of Fabric: an orderer and two peers


@pytest.fixture(scope="module")
def fabric() -> None:
    """Fabric's programs, built; it skips where the module registry does not serve the release."""
    try:
        programs(MODULE)
    except RegistryRefused as refused:
        pytest.skip(f"Hyperledger Fabric not run: {refused}")


@pytest.mark.slow
@pytest.mark.usefixtures("fabric")
def test_every_story_ends_as_told_on_real_wires(tmp_path: Path) -> None:
    """But for the kill of the chain: anvil keeps its own in memory only."""
    told = stories(tmp_path, "--wires", "real", within_s=BAR_S)
    killed = {name: end for name, end in OF_A_WIRE.items() if name != "chain-killed"}
    assert told == ENDS | killed | OF_INSTRUMENTS
    nothing_runs(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("fabric")
def test_real_servers_end_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    with started(tmp_path, "--wires", "real", "--story", "not-filed") as run:
        read_until(run, lambda line: line.startswith("not-filed"))
        assert sum("/bin/" in one and "fabric" in one for one in left(tmp_path)) >= SERVERS
        run.kill()
        run.communicate(timeout=30)
    nothing_runs(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("fabric")
def test_every_server_of_a_real_channel_that_is_killed_comes_back(tmp_path: Path) -> None:
    with started(tmp_path, "--wires", "real", "--story", "clean", "--speed", "30") as run:
        try:
            told = read_until(run, lambda line: line.startswith("break"))
            numbers = {name: pid for pid, name in re.findall(r"(\d+) \(([a-z ]+)\)", told[-1])}
            for name in ("orderer", "peer", "gateway", "chaincode", "its twin"):
                os.kill(int(numbers[name]), signal.SIGKILL)
                read_until(run, lambda line, name=name: f"the {name} is back" in line)  # type: ignore[misc]
                read_until(run, lambda line: line.startswith("clean") and "settled" in line)
        finally:
            run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 0
    nothing_runs(tmp_path)


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


def test_a_machine_without_an_address_is_told_so() -> None:
    """Fabric asks for one and says so in colours at the end of its log."""
    said = "org1.peer ended: \x1b[31mERRO\x1b[0m no non-loopback, IPv4 interface detected"
    assert "ip address add" in str(not_up(said))
    assert "\x1b" not in str(not_up(said))
