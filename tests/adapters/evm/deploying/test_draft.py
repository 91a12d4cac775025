"""`lianqiao evm account` and `plan`: what a newcomer types before `evm deploy`."""

import asyncio
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from adapters.evm.anvil import Node
from adapters.evm.deploying.command import AGREES, DOWN, USAGE
from adapters.evm.deploying.plan import read_plan
from adapters.evm.stand import process
from tests.adapters.evm.chain import CHAIN_ID, GOVERNOR, GUARDIAN, NOTARIES
from tests.adapters.evm.deploying.test_deploy import _run, right


def keys(folder: Path) -> None:
    (folder / "keys").mkdir()
    lines = []
    for place, one in enumerate(NOTARIES[:3]):
        number = int.from_bytes(one.key.secret, "big")
        pem = ec.derive_private_key(number, ec.SECP256K1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (folder / f"keys/{place}.pem").write_bytes(pem)
        lines += [f"[notary.n{place}]", f'secp256k1 = "keys/{place}.pem"']
    (folder / "lianqiao.toml").write_text("\n".join(lines))
    (folder / "keys/password").write_text("secret\n")


async def typed(folder: Path, *words: str) -> int:
    """Type a command in a folder; what begins with `./` is a file of it."""
    whole = [str(folder / one[2:]) if one.startswith("./") else one for one in words]
    return await asyncio.to_thread(_run, ["evm", *whole])


async def account(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str, *more: str
) -> tuple[int, str]:
    capsys.readouterr()
    code = await typed(folder, "account", file, *more)
    told = capsys.readouterr()
    return code, (told.out if code == AGREES else told.err).strip()


PASSWORD = ("--password-file", "./keys/password")


async def planned(folder: Path, nodes: Sequence[str]) -> int:
    words = [word for node in nodes for word in ("--node", node)]
    words += ["--entry", "./keys/entry.json", "--exit", "./keys/exit.json", *PASSWORD]
    return await typed(folder, "plan", "./plan.toml", *words, "--settings", "./lianqiao.toml")


async def test_a_key_is_made_once_and_its_address_told_of_keystore_and_pem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys(tmp_path)
    code, made = await account(tmp_path, capsys, "./keys/entry.json", "--make", *PASSWORD)
    assert code == AGREES
    file = tmp_path / "keys/entry.json"
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert await account(tmp_path, capsys, "./keys/entry.json", *PASSWORD) == (AGREES, made)
    code, why = await account(tmp_path, capsys, "./keys/entry.json", "--make", *PASSWORD)
    assert code == USAGE
    assert "nothing was written over" in why
    assert file.read_bytes() == before
    assert await account(tmp_path, capsys, "./keys/1.pem") == (AGREES, right(NOTARIES[1]))
    (tmp_path / "keys/password").write_text("\n")
    for more, said in ((PASSWORD, "is empty"), ((), "needs one")):
        code, why = await account(tmp_path, capsys, "./keys/entry.json", *more)
        assert (code, said in why) == (USAGE, True)
    (tmp_path / "keys/password").write_text("another")
    code, why = await account(tmp_path, capsys, "./keys/entry.json", *PASSWORD)
    assert (code, "the password is another" in why) == (USAGE, True)


async def test_a_plan_says_what_chain_and_settings_say_and_waits_for_its_two_roles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys(tmp_path)
    made = {}
    for name in ("entry", "exit"):
        _, made[name] = await account(tmp_path, capsys, f"./keys/{name}.json", "--make", *PASSWORD)
    file = tmp_path / "plan.toml"
    assert await planned(tmp_path, ["north=http://localhost:1"]) == DOWN
    assert await planned(tmp_path, ["north"]) == USAGE
    assert await planned(tmp_path, ["north=http://elsewhere.example/k3y"]) == USAGE
    assert "k3y" not in capsys.readouterr().err  # what is in a URL may be a key
    assert not file.exists()
    async with process([GOVERNOR.bytes20], tmp_path / "tape") as (said, _):
        names = ("north", "south", "east")
        assert await planned(tmp_path, [f"{one}={said['url']}/{one}" for one in names]) == AGREES
        node = Node(f"{said['url']}/north")
        genesis = node.ask("eth_getBlockByNumber", "0x0", False)["hash"]
        node.close()
        key = ("--keystore", "./keys/entry.json", *PASSWORD, "--network", "harbour")
        deploy = ("deploy", "./plan.toml", *key, "--settings", "./lianqiao.toml")
        assert await typed(tmp_path, *deploy) == USAGE
        said_so = capsys.readouterr().err
        rule = "an address: 0x and 40 hexadecimal digits, as EIP-55 spells it"
        assert f"plan.toml: governor: is empty; write {rule}" in said_so
        assert "pydantic" not in said_so
        whole = file.read_text()
        for name, party in (("governor", GOVERNOR), ("guardian", GUARDIAN)):
            whole = whole.replace(f'{name} = ""', f'{name} = "{right(party)}"')
        file.write_text(whole)
        plan = read_plan(file)
        assert plan.notaries == tuple(right(one) for one in NOTARIES[:3])
        assert (plan.threshold, plan.operators) == (2, (made["entry"],))
        network = plan.network
        assert (network.chain_id, network.genesis_hash) == (CHAIN_ID, genesis)
        assert (network.operators, network.quorum) == (tuple(sorted(names)), 2)
        assert network.finality == "finalized"
        assert (tmp_path / network.reader_key_file).stat().st_mode & 0o777 == 0o600
        assert tomllib.loads(whole)["settings"]["exit_key"]["keystore"] == "keys/exit.json"
        assert await planned(tmp_path, [f"north={said['url']}/north"]) == USAGE
        assert file.read_text() == whole
        assert await typed(tmp_path, *deploy) == AGREES
        assert "nothing was sent" in capsys.readouterr().err
