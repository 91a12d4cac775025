"""What the README gives to who has no Foundry: one file that makes contracts and calls them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hexbytes import HexBytes
from web3 import Web3

from bridge.cli import run
from schemas.contracts.interface import interface
from tests.tidy.tree import TREE

README = TREE / "adapters" / "evm" / "README.md"
REPEATS = bytes.fromhex("365f5f37365fa000")  # a contract that takes every call, and logs its data
MAKES = f"0x6008600c60003960086000f3{REPEATS.hex()}"


def called(folder: Path, node: str, *words: str) -> list[str]:
    keys = [str(folder / "governor.json"), str(folder / "password")]
    line = [sys.executable, str(folder / "call.py"), node, *keys, *words]
    told = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout.split()


def test_a_contract_is_made_and_its_governor_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = README.read_text("utf-8")
    (tmp_path / "call.py").write_text(text.partition("```python\n")[2].partition("```")[0])
    (verb,) = re.findall(r"ADDRESS '(\w+\(\))'", text)
    (tmp_path / "password").write_text("a word\n")
    (tmp_path / "password").chmod(0o600)
    made = ["evm", "account", str(tmp_path / "governor.json"), "--make"]
    assert run([*made, "--password-file", str(tmp_path / "password")]) == 0
    (governor,) = re.findall("0x[0-9a-fA-F]{40}", capsys.readouterr().out)
    devnet = [sys.executable, "-m", "adapters.evm.devnet", "--port", "0", "--fund", governor]
    with subprocess.Popen(devnet, cwd=TREE, stdout=subprocess.PIPE, text=True) as net:
        try:
            assert net.stdout is not None
            node = f"{json.loads(net.stdout.readline())['url']}/north"
            done, at, _ = called(tmp_path, node, "new", MAKES)
            chain = Web3(Web3.HTTPProvider(node)).eth
            place = Web3.to_checksum_address(at)
            assert (done, bytes(chain.get_code(place))) == ("done", REPEATS)
            done, to, sent = called(tmp_path, node, at, verb)
            assert (done, to) == ("done", at)
            told = chain.get_transaction_receipt(HexBytes(sent))["logs"]
            accept = interface("Escrow").functions[verb.removesuffix("()")]
            assert [(one["address"], bytes(one["data"])) for one in told] == [(place, accept.id)]
        finally:
            net.terminate()
