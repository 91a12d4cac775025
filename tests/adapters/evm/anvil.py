"""anvil, a node of somebody else's making: the contract set on it, over JSON-RPC.

It comes from npm under the lock of the folder `npm` here. Where it cannot be had the tests that
need it fail: they are what stands for real chains, and a run without them has shown nothing.
It ends when whoever started it ends, however that happens.
"""

import http.client
import json
import os
import platform
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from eth_account import Account
from eth_hash.auto import keccak
from typing_extensions import override

from adapters.evm import calls
from adapters.evm.calls import Word
from adapters.evm.contracts.build import installed
from tests.adapters.evm.chain import CHAIN_ID, START, STRANGER, Chain, Party, Reverted

PACKAGES = Path(__file__).parent / "npm"
HARDFORK = "prague"
EPOCH = 2  # slots: safe is so many blocks behind the head, finalized twice as many
GAS = 12_000_000
GWEI = 10**9
PATIENCE_S, LOOK_S = 30, 0.01
RICH = hex(10**24)
LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")
# The shell waits for its own input to end, as it does when its parent dies, and ends the node.
UNTIL_INPUT_ENDS = '"$@" </dev/null & read -r _; kill $!; wait $!'


@cache
def packages() -> Path:
    """The installed npm packages of the tests: anvil and the real instruments."""
    return installed(PACKAGES)


def program(name: str = "anvil") -> Path:
    """The anvil, or another tool of its makers, that fits this machine."""
    machine = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}
    kind = f"{platform.system().lower()}-{machine.get(platform.machine(), platform.machine())}"
    return packages() / "@foundry-rs" / f"{name}-{kind}" / "bin" / name


@contextmanager
def anvil(*more: str) -> Iterator[str]:
    """A node on a port of its own, with nothing on its chain; its address."""
    command = [str(program()), "--port", "0", "--hardfork", HARDFORK, "--chain-id", str(CHAIN_ID)]
    command += ["--slots-in-an-epoch", str(EPOCH), "--timestamp", str(START), *more]
    with (
        tempfile.TemporaryFile() as said,  # it tells every call, and a full pipe would stop it
        subprocess.Popen(
            ["/bin/sh", "-c", UNTIL_INPUT_ENDS, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{_port(process, said)}"
        finally:
            process.stdin.close()


def _port(process: subprocess.Popen[bytes], said: IO[bytes]) -> int:
    for _ in range(int(PATIENCE_S / LOOK_S)):
        told = os.pread(said.fileno(), 65_536, 0)  # its place is where the node writes
        if found := LISTENING.search(told):
            return int(found[1])
        if process.poll() is not None:
            raise AssertionError("anvil did not start: " + told.decode(errors="replace"))
        time.sleep(LOOK_S)
    raise AssertionError(f"anvil was not ready in {PATIENCE_S} s")


class Refusal(Exception):
    """What the node answered instead of a result."""

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
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def close(self) -> None:
        self._line.close()

    def ask(self, method: str, *params: object) -> Any:
        """The node's answer. Errors: Refusal."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._line.request("POST", self._path, body, {"Content-Type": "application/json"})
        told = json.loads(self._line.getresponse().read())
        if "error" in told:
            raise Refusal(told["error"])
        return told["result"]


@dataclass
class AnvilChain(Chain):
    """A chain on anvil: every transaction is signed, sent, and mined in a block of its own.

    It mines when told: on its own the node mines a moment after it has taken a transaction.
    """

    node: Node = field(kw_only=True)
    receipt: dict[str, Any] = field(default_factory=dict)  # of the last transaction
    _rich: set[str] = field(default_factory=set)

    @override
    def __post_init__(self) -> None:
        self.node.ask("evm_setAutomine", False)
        self.now = int(self.block("latest")["timestamp"], 16)

    def block(self, which: str) -> dict[str, Any]:
        """A block without its transactions."""
        found: dict[str, Any] = self.node.ask("eth_getBlockByNumber", which, False)
        return found

    @property
    def genesis_hash(self) -> bytes:
        return bytes.fromhex(self.block("0x0")["hash"][2:])

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens in here has not happened afterwards."""
        mark = self.node.ask("evm_snapshot")
        now, names, rich = self.now, dict(self.names), set(self._rich)
        try:
            yield
        finally:
            assert self.node.ask("evm_revert", mark)
            self.now, self.names, self._rich = now, names, rich

    def mine(self, blocks: int = 1) -> None:
        """Empty blocks, a second each."""
        self.node.ask("anvil_mine", hex(blocks), "0x1")
        self.now = int(self.block("latest")["timestamp"], 16)

    @override
    def later(self, seconds: int) -> None:
        self.now += seconds
        self.node.ask("evm_setNextBlockTimestamp", hex(self.now))
        self.node.ask("evm_mine")

    @override
    def code_hash(self, address: str) -> bytes:
        return keccak(bytes.fromhex(self.node.ask("eth_getCode", address, "latest")[2:]))

    def _sent(self, by: Party, to: str | None, data: bytes, value: int = 0) -> dict[str, Any]:
        if by.address not in self._rich:
            self.node.ask("anvil_setBalance", by.address, RICH)
            self._rich.add(by.address)
        signed = Account.sign_transaction(
            {
                "chainId": self.chain_id,
                "nonce": int(self.node.ask("eth_getTransactionCount", by.address, "latest"), 16),
                "gas": GAS,
                "maxFeePerGas": 10 * GWEI,
                "maxPriorityFeePerGas": GWEI,
                "value": value,
                "data": data,
                **({"to": bytes.fromhex(to[2:])} if to else {}),
            },
            by.key.secret,
        )
        self.now += 1
        self.node.ask("evm_setNextBlockTimestamp", hex(self.now))
        raw = f"0x{signed.raw_transaction.hex()}"
        sent = self.node.ask("eth_sendRawTransaction", raw)
        self.node.ask("evm_mine")
        self.receipt = self.node.ask("eth_getTransactionReceipt", sent)
        self.gas = int(self.receipt["gasUsed"], 16)
        if self.receipt["status"] != "0x1":
            raise Reverted(calls.revert(self._why(by, to, data, value)))
        return self.receipt

    def _why(self, by: Party, to: str | None, data: bytes, value: int) -> bytes:
        """What a transaction that was mined and failed had said: asked again on its parent."""
        asked = {
            "from": by.address,
            "gas": hex(GAS),
            "input": f"0x{data.hex()}",
            "value": hex(value),
            **({"to": to} if to else {}),
        }
        parent = hex(int(self.receipt["blockNumber"], 16) - 1)
        try:
            self.node.ask("eth_call", asked, parent, {}, {"time": hex(self.now)})
        except Refusal as refusal:
            return refusal.data
        raise AssertionError("what failed in its block does not fail when asked again")

    @override
    def deploy_code(self, code: bytes, *, by: Party = STRANGER) -> str:
        return str(self._sent(by, None, code)["contractAddress"])

    @override
    def send(self, by: Party, to: str, data: bytes) -> bytes:
        receipt = self._sent(by, to, data)
        logs = [_Log(log) for log in receipt["logs"]]
        self.events = [said for log in logs if (said := self._read(log))]
        return b""

    def pay(self, by: Party, to: str, data: bytes, *, value: int) -> None:
        """Send some of the chain's own coin along."""
        self._sent(by, to, data, value)

    @override
    def answer(self, to: str, data: bytes, *, by: Party | None = None) -> bytes:
        asked = {"from": (by or STRANGER).address, "to": to, "input": f"0x{data.hex()}"}
        try:
            told = self.node.ask("eth_call", asked, "latest", {}, {"time": hex(self.now)})
        except Refusal as refusal:
            raise Reverted(calls.revert(refusal.data)) from refusal
        return bytes.fromhex(told[2:])

    @override
    def view(self, to: str, function: str, *args: Word) -> tuple[Word, ...]:
        contract = self.names[to]
        return calls.result(
            contract, function, self.answer(to, calls.call(contract, function, *args))
        )


class _Log:
    """A log as the reader of events takes it."""

    def __init__(self, log: Mapping[str, Any]) -> None:
        self.address: str = log["address"]
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        self.topics = topics
        self.data = (topics, bytes.fromhex(log["data"][2:]))
