"""A real Fabric network on loopback: one orderer, two organisations that must both endorse.

    python -m adapters.bsn.fabric_network up DIR      programs, channel, lifecycle, escrow: running
    python -m adapters.bsn.fabric_network down DIR    all of it stopped, DIR removed

No Docker: the programs come from Go's modules, the chaincode is a process of ours beside each
peer. Everything listens on loopback, and DIR holds everything there is.
Source: Hyperledger Fabric 2.5, commands of peer, osnadmin, configtxgen and cryptogen.
"""

import argparse
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from adapters.bsn.fabric_layout import (
    CHANNEL,
    ORDERER_HOME,
    ORGANISATIONS,
    Batch,
    lay_out,
    msp,
    peer_home,
    user_home,
)
from adapters.bsn.fabric_tools import NoFabric, programs

NAME: Final = "escrow"
LABEL: Final = f"{NAME}_1"
_PEERS: Final = ", ".join("'" + msp(one) + ".peer'" for one in ORGANISATIONS)
POLICY: Final = f"AND({_PEERS})"
MODULE: Final = Path(__file__).parent / "fabric_release"  # its go.mod declares the release
PATIENCE_S: Final = 30
_TREE: Final = Path(__file__).parents[2]
_PORTS: Final = (
    *("orderer", "orderer.admin", "orderer.operations"),
    *(f"{org}.{what}" for org in ORGANISATIONS for what in ("peer", "chaincode", "operations")),
    *(f"{org}.escrow" for org in ORGANISATIONS),
)


class NotUp(Exception):
    """Raised where a step of bringing the network up fails; it says which and why."""


@dataclass
class Network:
    """One network below a folder; `processes` are those this object has started."""

    root: Path
    bin: Path
    ports: Mapping[str, int]
    batch: Batch = field(default_factory=Batch)
    serving: str = "adapters.bsn.chaincode.serve"  # the module that is the chaincode
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def genesis(self) -> Path:
        """The channel's first block."""
        return self.root / "settle.block"

    def admitted(self, organisation: str) -> Path:
        """Where an organisation writes the digest of the configuration it agrees to."""
        return self.root / organisation / "admitted"

    def make(self) -> None:
        """Write configuration, keys and the first block."""
        lay_out(self.root, self.ports, self.batch)
        config = self.root / "config"
        self._run("cryptogen", "generate", "--config=config/crypto-config.yaml", "--output=crypto")
        block = ("-profile", "Settle", "-channelID", CHANNEL, "-outputBlock", str(self.genesis))
        self._run("configtxgen", *block, env={"FABRIC_CFG_PATH": str(config)})
        for organisation in ORGANISATIONS:
            (self.root / organisation / "escrow.tgz").write_bytes(self._package(organisation))

    def start(self, name: str) -> None:
        """Start one process: `orderer`, or `org1.peer`, or `org1.escrow`."""
        organisation, _, what = name.partition(".")
        env = os.environ | {"FABRIC_CFG_PATH": str(self.root / "config")}
        if name == "orderer":
            command = [str(self.bin / "orderer")]
        elif what == "peer":
            env["FABRIC_CFG_PATH"] = str(self.root / organisation)
            command = [str(self.bin / "peer"), "node", "start"]
        else:
            command = self._escrow(organisation)
        env["PYTHONPATH"] = str(_TREE)
        with (self.root / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 programs of this network
                command,
                cwd=self.root,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._note()

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End one process, by default without a word."""
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(PATIENCE_S)
        self._note()

    def stop(self) -> None:
        """End every process that this object started."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait(5)
        self.processes.clear()

    def bring_up(self) -> None:
        """Take the nine steps: keys, block, processes, channel, packages, approvals, commit."""
        self.make()
        for name in ("orderer", *(f"{one}.peer" for one in ORGANISATIONS)):
            self.start(name)
        for organisation in ORGANISATIONS:
            self.start(f"{organisation}.escrow")
        admin = f"127.0.0.1:{self.ports['orderer.admin']}"
        joined = ("channel", "join", "--channelID", CHANNEL, "--config-block", str(self.genesis))
        self._until("osnadmin", *joined, "-o", admin, good=lambda said: "Status: 201" in said)
        for organisation in ORGANISATIONS:
            self._as(organisation, "channel", "join", "-b", str(self.genesis))
            package = str(self.root / organisation / "escrow.tgz")
            self._as(organisation, "lifecycle", "chaincode", "install", package)
            self._listening(f"{organisation}.escrow")
        terms = ("--name", NAME, "--version", "1", "--sequence", "1", "--channelID", CHANNEL)
        policy = ("--signature-policy", POLICY)
        ordering = (
            *("--tls", "--cafile", str(self.root / ORDERER_HOME / "tls/ca.crt")),
            *("-o", f"127.0.0.1:{self.ports['orderer']}", "--waitForEventTimeout", "10s"),
        )
        for organisation in ORGANISATIONS:
            own = ("--package-id", self.package_id(organisation))
            approve = ("lifecycle", "chaincode", "approveformyorg", *terms, *policy, *own)
            self._as(organisation, *approve, *ordering)
        commit = ("lifecycle", "chaincode", "commit", *terms, *policy, *ordering)
        self._as(ORGANISATIONS[0], *commit, *self._both_peers())

    def package_id(self, organisation: str) -> str:
        """Return the id a peer gives to an organisation's package."""
        raw = (self.root / organisation / "escrow.tgz").read_bytes()
        return f"{LABEL}:{sha256(raw).hexdigest()}"

    def _listening(self, name: str) -> None:
        """Wait until a process takes connections at its port."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 1):
                return
            time.sleep(0.05)
        raise NotUp(f"{name} does not listen: {self._tail(name)}")

    def _both_peers(self) -> tuple[str, ...]:
        found: list[str] = []
        for organisation in ORGANISATIONS:
            found += ["--peerAddresses", f"127.0.0.1:{self.ports[f'{organisation}.peer']}"]
            found += ["--tlsRootCertFiles", str(self.root / peer_home(organisation) / "tls/ca.crt")]
        return tuple(found)

    def _escrow(self, organisation: str) -> list[str]:
        return [
            *(sys.executable, "-m", self.serving, "--name", NAME),
            *("--address", f"127.0.0.1:{self.ports[f'{organisation}.escrow']}"),
            *("--id", self.package_id(organisation)),
            *("--admitted", str(self.admitted(organisation))),
        ]

    def _package(self, organisation: str) -> bytes:
        connection = {
            "address": f"127.0.0.1:{self.ports[f'{organisation}.escrow']}",
            "dial_timeout": "5s",
            "tls_required": False,
        }
        code = _tgz({"connection.json": json.dumps(connection).encode()})
        metadata = json.dumps({"type": "ccaas", "label": LABEL}).encode()
        return _tgz({"metadata.json": metadata, "code.tar.gz": code})

    def _as(self, organisation: str, *words: str) -> str:
        """Run `peer` as an organisation's administrator until it does what it is told."""
        env = {
            "FABRIC_CFG_PATH": str(self.root / organisation),
            "CORE_PEER_MSPCONFIGPATH": str(self.root / user_home(organisation, "Admin") / "msp"),
        }
        return self._until("peer", *words, env=env, good=bool)

    def _until(
        self,
        program: str,
        *words: str,
        good: Callable[[str], bool],
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Repeat a command until it ends well; a network that is starting refuses for a while."""
        last, end = "", time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                said = self._run(program, *words, env=env)
            except NotUp as error:
                said, last = "", str(error)
            if said and good(said):
                return said
            last = said or last
            if dead := [name for name, one in self.processes.items() if one.poll() is not None]:
                raise NotUp(f"{dead[0]} ended: {self._tail(dead[0])}")
            time.sleep(0.1)
        raise NotUp(last[-600:])

    def _run(self, program: str, *words: str, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(  # noqa: S603 the same
            [str(self.bin / program), *words],
            cwd=self.root,
            env=os.environ | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        if done.returncode:
            raise NotUp(f"{program} {words[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
        return done.stdout + done.stderr + "\n"

    def _tail(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text("utf-8", "replace")[-500:]

    def _note(self) -> None:
        """Keep what is running, so that another process can find it and take it down."""
        body = {
            "ports": dict(self.ports),
            "bin": str(self.bin),
            "processes": {name: one.pid for name, one in self.processes.items()},
        }
        (self.root / "network.json").write_text(json.dumps(body, indent=1), encoding="utf-8")


def up(root: Path, *, module: Path = MODULE, batch: Batch | None = None) -> Network:
    """Return a running network below `root`, which must not exist or be empty.

    Errors: NotUp; fabric_tools.NoFabric.
    """
    if root.exists() and any(root.iterdir()):
        raise NotUp(f"{root} is not empty")
    folder = programs(module)
    for attempt in range(3):
        root.mkdir(parents=True, exist_ok=True)
        network = Network(root.resolve(), folder, _free_ports(), batch or Batch())
        try:
            network.bring_up()
        except NotUp as error:
            network.stop()
            if attempt == 2 or "address already in use" not in str(error):
                raise
            shutil.rmtree(root)  # a port was taken meanwhile: the first block names it
        except BaseException:
            network.stop()
            raise
        else:
            return network
    raise NotUp("no ports to listen on")


def down(root: Path) -> None:
    """Stop what `up` started below `root`, and remove it. Errors: NotUp for another folder."""
    noted = root / "network.json"
    if not noted.is_file():
        raise NotUp(f"{root} holds no network")
    for name, pid in json.loads(noted.read_text("utf-8"))["processes"].items():
        if _is_ours(pid, root):
            _end(pid, name)
    shutil.rmtree(root)


def _is_ours(pid: int, root: Path) -> bool:
    """Whether a process works in this very folder: numbers are used again."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve() == root.resolve()
    except OSError:
        return False


def _end(pid: int, name: str) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, how)
        for _ in range(50):
            if not Path(f"/proc/{pid}").exists() or _is_dead(pid):
                return
            time.sleep(0.1)
    raise NotUp(f"{name} does not end")


def _is_dead(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2][:1] == "Z"
    return True


def _free_ports() -> dict[str, int]:
    """Ports of loopback that are free now, all different."""
    held = [socket.socket() for _ in _PORTS]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = {name: int(one.getsockname()[1]) for name, one in zip(_PORTS, held, strict=True)}
    for one in held:
        one.close()
    return found


def _tgz(files: Mapping[str, bytes]) -> bytes:
    """Return an archive; the same files make the same bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.USTAR_FORMAT) as archive:
        for name, raw in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(raw), 0o644
            archive.addfile(info, io.BytesIO(raw))
    return out.getvalue()


def main() -> int:
    """Bring a network up or take it down, as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m adapters.bsn.fabric_network")
    parser.add_argument("what", choices=("up", "down"))
    parser.add_argument("dir", type=Path)
    parser.add_argument("--batch-count", type=int, default=Batch().count)
    parser.add_argument("--batch-timeout-ms", type=int, default=Batch().timeout_ms)
    given = parser.parse_args()
    try:
        if given.what == "down":
            down(given.dir)
        else:
            batch = Batch(given.batch_count, given.batch_timeout_ms)
            network = up(given.dir, batch=batch)
            print(json.dumps(dict(network.ports), indent=1))  # noqa: T201 what it is for
    except (NotUp, NoFabric) as error:
        print(error, file=sys.stderr)  # noqa: T201 what it is for
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
