"""A wire whose port was taken while it was dead says which, and comes back once it is free."""

import socket
from pathlib import Path

import pytest

from bridge.cli.found import QUORUM, addresses_of, keys_of
from bridge.cli.kept import PORT, PORTS, free_address
from bridge.cli.manners import Stopped
from bridge.cli.wires import CASTS, wires
from bridge.ports import Unavailable

LISTENS = "0A"


def port_of(pid: int) -> int:
    """The port that a process listens at."""
    held = {str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == LISTENS and f"socket:[{words[9]}]" in held:
            return int(words[1].rpartition(":")[2], 16)
    raise AssertionError(f"process {pid} listens nowhere")


@pytest.mark.slow
async def test_each_wire_names_the_port_that_another_took_and_is_back_once_it_is_free(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    signers = {
        "ed25519": tuple(key.public for key in keys_of(tmp_path).values()),
        "secp256k1": addresses_of(tmp_path),
    }
    async with wires(tmp_path / "world", CASTS["embedded"], signers, QUORUM) as built:
        assert built.processes.keys() == {"gateway", "chain", "bank"}
        for name, process in built.processes.items():
            port = port_of(process.pid)
            await process.kill()
            with socket.create_server(("127.0.0.1", port)):
                capfd.readouterr()
                with pytest.raises(Unavailable, match="ended with 1"):
                    await process.start()
                said = capfd.readouterr().err
            assert "Traceback" not in said, said
            assert str(port) in said, said
            assert "address already in use" in said, (name, said)
            await process.start()
            assert port_of(process.pid) == port


def test_where_every_port_is_taken_the_demo_says_by_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.cli.kept.PORTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        monkeypatch.setattr("bridge.cli.kept.PORT", theirs.getsockname()[1])
        with pytest.raises(Stopped, match="no free port") as stopped, free_address():
            pass
    assert "(process " in stopped.value.cause
    assert stopped.value.following
    assert (PORT, PORTS) == (8420, 100)
