"""anvil, a node of somebody else's making, asked plainly over JSON-RPC: for the demo and tests.

It comes from npm, with the real instruments, under the lock of the folder `npm` here; nothing of
them is run to install them. It ends when whoever started it ends, however that happens.
"""

import http.client
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from adapters.evm.accounts import Account, Transaction
from adapters.evm.addresses import to_checksum_address
from adapters.evm.contracts.build import BuildFailed, installed
from bridge.ports import Refused, Unavailable

PACKAGES: Final = Path(__file__).parent / "npm"
HARDFORK: Final = "prague"
GAS: Final = 12_000_000  # of any transaction: the suite's largest contracts take half of it
GWEI: Final = 10**9
RICH: Final = hex(10**24)
PATIENCE_S, LOOK_S = 30, 0.01
SIGNALLED: Final = 128  # and the signal: what a shell ends with for a child that was killed
LISTENING: Final = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")
PROCESS: Final = re.compile(rb"^process (\d+)$", re.MULTILINE)
# A shell says the node's id and ends as the node does, whom another one ends once their input is at
# its end, as it is when their parent dies.
UNTIL_INPUT_ENDS: Final = """
exec 3<&0
"$@" </dev/null 3<&- & node=$!
echo "process $node"
{ read -r _ <&3; kill "$node"; } & waiting=$!
wait "$node"; code=$?
kill "$waiting"
exit "$code"
"""


@cache
def packages() -> Path:
    """Return the installed npm packages: anvil and the real instruments.

    Errors: Unavailable, which says what is missing and how to get it.
    """
    try:
        return installed(PACKAGES)
    except BuildFailed as error:
        raise Unavailable(
            f"anvil and the T-REX and TradeTrust contracts come from npm ({error}): install "
            "Node.js 22 with npm, from nodejs.org or your distribution"
        ) from error


def program(name: str = "anvil") -> Path:
    """Return the anvil, or another tool of its makers, that fits this machine.

    Errors: Unavailable.
    """
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
    kind = f"{platform.system().lower()}-{machine.get(platform.machine(), platform.machine())}"
    found = packages() / "@foundry-rs" / f"{name}-{kind}" / "bin" / name
    if found.exists():
        return found
    if (installed_here := shutil.which(name)) is None:
        raise Unavailable(f"npm has no {name} for {kind}: install Foundry, from getfoundry.sh")
    return Path(installed_here)


@dataclass(frozen=True, slots=True)
class Running:
    """A node that runs, and the shell whose child it is."""

    shell: subprocess.Popen[bytes]
    pid: int
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def code(self) -> int | None:
        """Return what it ended with, or None while it runs."""
        told = self.shell.poll()
        return told if told is None or told <= SIGNALLED else SIGNALLED - told

    def kill(self) -> None:
        """Kill it, as a failing machine would."""
        if self.shell.poll() is None:  # whose child keeps its id until then
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """Have it end, and wait."""
        assert self.shell.stdin is not None, "its standard input is a pipe"
        self.shell.stdin.close()
        self.shell.wait(PATIENCE_S)


def launched(chain_id: int, epoch: int, *more: str) -> Running:
    """Return a node on a port of its own, with nothing on its chain.

    Safe is `epoch` blocks behind its head, finalized twice as many. Errors: Unavailable.
    """
    command = [str(program()), "--port", "0", "--hardfork", HARDFORK, "--chain-id", str(chain_id)]
    command += ["--slots-in-an-epoch", str(epoch), *more]
    with tempfile.TemporaryFile() as said:  # it tells every call, and a full pipe would stop it
        shell = subprocess.Popen(  # noqa: S603 a program of the locked packages
            ["/bin/sh", "-c", UNTIL_INPUT_ENDS, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for who started it, and that takes it down
        )
        return _listening(shell, said)


@contextmanager
def anvil(chain_id: int, epoch: int, *more: str) -> Iterator[str]:
    """Yield the address of such a node. Errors: Unavailable."""
    running = launched(chain_id, epoch, *more)
    try:
        yield running.url
    finally:
        running.end()


def _listening(shell: subprocess.Popen[bytes], said: IO[bytes]) -> Running:
    why = f"anvil was not ready in {PATIENCE_S} s"
    for _ in range(int(PATIENCE_S / LOOK_S)):
        told = os.pread(said.fileno(), 65_536, 0)  # its place is where the node writes
        if (port := LISTENING.search(told)) and (pid := PROCESS.search(told)):
            return Running(shell, int(pid[1]), int(port[1]))
        if shell.poll() is not None:
            why = "anvil did not start: " + told.decode(errors="replace")[-500:]
            break
        time.sleep(LOOK_S)
    assert shell.stdin is not None, "its standard input is a pipe"
    shell.stdin.close()
    shell.wait(PATIENCE_S)
    raise Unavailable(why)


class Refusal(Exception):
    """Raised where the node answers an error instead of a result."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code, self.message = int(error["code"]), str(error.get("message"))
        data = error.get("data")
        self.data = bytes.fromhex(data[2:]) if isinstance(data, str) else b""


class Node:
    """A node asked plainly, one call at a time, over one line."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._path = urlsplit(url).path or "/"
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)

    def close(self) -> None:
        """Give the line back."""
        self._line.close()

    def ask(self, method: str, *params: object) -> Any:
        """Return the node's answer. Errors: Refusal; those of a line."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        try:
            self._line.request("POST", self._path, body, {"Content-Type": "application/json"})
            told = json.loads(self._line.getresponse().read())
        except (OSError, http.client.HTTPException):
            self._line.close()  # the next question opens another one
            raise
        if "error" in told:
            raise Refusal(told["error"])
        return told["result"]


@dataclass(frozen=True, slots=True)
class Signer:
    """An account as the contracts of others know it: an address, and signatures they take."""

    account: Account

    @property
    def address(self) -> str:
        """Its address, spelled with its checksum."""
        return to_checksum_address(self.account.address)

    def sign(self, digest: bytes, /) -> bytes:
        """Return r, s and v, as a contract takes them."""
        made = self.account.sign(digest)
        return made[:64] + bytes([27 + made[64]])


@dataclass(slots=True)
class AnvilLine:
    """A chain spoken to call by call: whoever speaks has coin, and a block that `mine` makes."""

    node: Node
    chain_id: int
    mine: Callable[[], None]

    def deploy_code(self, code: bytes, *, by: Signer) -> str:
        """Return the address of the contract that the code makes. Errors: Refused, Unavailable."""
        return to_checksum_address(self._sent(by, b"", code)["contractAddress"])

    def send(self, by: Signer, to: str, data: bytes) -> None:
        """Have a call stand in a block. Errors: Refused, Unavailable."""
        self._sent(by, bytes.fromhex(to[2:]), data)

    def answer(self, to: str, data: bytes, *, by: Signer | None = None) -> bytes:
        """Return what a contract answers now. Errors: Refused, Unavailable."""
        asked = {"to": to, "input": f"0x{data.hex()}", **({"from": by.address} if by else {})}
        try:
            return bytes.fromhex(self._ask("eth_call", asked, "latest")[2:])
        except Refusal as refusal:
            raise Refused(f"{to} answers {refusal}") from refusal

    def _ask(self, method: str, *params: object) -> Any:
        try:
            return self.node.ask(method, *params)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"the node does not answer: {error}") from error
        finally:
            self.node.close()  # a line of each question's own: the node may be another by the next

    def _sent(self, by: Signer, to: bytes, data: bytes) -> Mapping[str, Any]:
        nonce = int(self._ask("eth_getTransactionCount", by.address, "latest"), 16)
        signed = Transaction(
            chain_id=self.chain_id,
            nonce=nonce,
            tip=GWEI,
            max_fee=100 * GWEI,
            gas=GAS,
            to=to,
            data=data,
        ).signed(by.account)
        sent = self._ask("eth_sendRawTransaction", f"0x{signed.hex()}")
        self.mine()
        receipt: Mapping[str, Any] = self._ask("eth_getTransactionReceipt", sent)
        if receipt["status"] != "0x1":
            raise Refused(f"0x{to.hex()} refuses what {by.address} sends: {sent}")
        return receipt
