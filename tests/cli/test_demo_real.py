"""The demo on a Fabric peer and orderer and on anvil, with T-REX and TradeTrust; or without."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from random import Random  # noqa: TID251 the moments of a test

import pytest

from adapters.bsn.fabric_network import MODULE
from adapters.bsn.fabric_stand import not_up
from adapters.bsn.fabric_tools import RegistryRefused, programs
from bridge.cli import demo
from bridge.cli.drawing import Show
from bridge.cli.kept import free_address
from bridge.cli.manners import Stopped
from bridge.cli.stage import stage
from bridge.cli.stories import tell
from bridge.cli.wires import Cast, Process
from bridge.ports import FinalityBroken
from tests.cli.demo_runs import TREE, left, nothing_runs, read_until, started, stories
from tests.cli.test_demo import ENDS, OF_A_WIRE, OF_INSTRUMENTS

BAR_S = 8 * 60  # with the programs built; measured 70 s on two cores that others used too
SERVERS = 3  # of Fabric: an orderer and two peers
SEED, ORDERS, KILLS = 5, 6, 5


async def came_back(process: Process) -> None:
    """Wait until a process that was killed is another one."""
    before = process.pid
    async with asyncio.timeout(30):
        while process.pid == before:  # noqa: ASYNC110 a process of no loop
            await asyncio.sleep(0.05)


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
    told = stories(tmp_path, "--wires", "real", within_s=BAR_S)
    assert told == ENDS | OF_A_WIRE | OF_INSTRUMENTS
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
def test_every_real_server_that_is_killed_comes_back(tmp_path: Path) -> None:
    with started(tmp_path, "--wires", "real", "--story", "clean", "--speed", "30") as run:
        try:
            told = read_until(run, lambda line: line.startswith("break"))
            numbers = {name: pid for pid, name in re.findall(r"(\d+) \(([a-z ]+)\)", told[-1])}
            for name in ("orderer", "peer", "gateway", "chaincode", "its twin", "chain"):
                os.kill(int(numbers[name]), signal.SIGKILL)
                read_until(run, lambda line, name=name: f"the {name} is back" in line)  # type: ignore[misc]
                read_until(run, lambda line: line.startswith("clean") and "settled" in line)
        finally:
            run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 0
    nothing_runs(tmp_path)


@pytest.mark.slow
async def test_orders_settle_while_anvil_is_killed_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With reference networks at its sides: the daemon stops at a chain that is another."""
    monkeypatch.setenv("PYTHONPATH", str(TREE))  # which a stage sets
    cast, chance = Cast(origin="memory", destination="anvil", rail="memory"), Random(SEED)
    with free_address() as address:
        async with stage(tmp_path / "demo", address, cast) as built, asyncio.TaskGroup() as group:
            chain = built.processes["chain"]
            keeping = group.create_task(demo._keep_up(Show(json=True), "chain", chain))
            telling = [
                group.create_task(tell(built, "clean", serial, lambda _: None))
                for serial in range(ORDERS)
            ]
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0, 2))
                os.kill(chain.pid, signal.SIGKILL)
                await came_back(chain)
            await asyncio.wait(telling)
            keeping.cancel()
    assert [one.result().stage for one in telling] == ["settled"] * ORDERS


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


async def test_a_chain_that_would_be_another_ends_the_demo_with_a_sentence() -> None:
    class Another:
        """A process that was killed, and whose state was changed by hand before."""

        pid = 0

        async def start(self) -> object:
            raise FinalityBroken("block 3, which was 0xaa, is 0xbb when it is made again")

        async def ended(self) -> int:
            return -9

        async def kill(self) -> None:
            raise AssertionError("it is dead")

    with pytest.raises(Stopped, match="block 3, which was 0xaa, is 0xbb") as stopped:
        await demo._keep_up(Show(json=True), "chain", Another())
    assert stopped.value.following.startswith("lianqiao demo")


def test_a_machine_without_an_address_is_told_so() -> None:
    """Fabric asks for one and says so in colours at the end of its log."""
    said = "org1.peer ended: \x1b[31mERRO\x1b[0m no non-loopback, IPv4 interface detected"
    assert "ip address add" in str(not_up(said))
    assert "\x1b" not in str(not_up(said))
