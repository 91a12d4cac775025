"""`lianqiao bsn deploy` and `check` against the escrow of a real channel."""

import asyncio
import json
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.bsn.deploying import AGREES, DIFFERS, DOWN, REFUSED, USAGE, Plan, configuration
from adapters.bsn.fabric_ground import FabricGround, records
from adapters.bsn.fabric_layout import ORGANISATIONS
from bridge.cli import run
from tests.adapters.bsn.fabric.board import NOTARIES, THRESHOLD, public

pytestmark = pytest.mark.slow


def _settings(real: FabricGround, folder: Path, user: str = "User1", **changes: object) -> Path:
    """A file of settings with one network."""
    words = real.settings("org1", user, **changes).model_dump(exclude_none=True)
    lines = ["[network.shenzhen]", 'adapter = "bsn"']
    for name, value in words.items():
        if name in {"organisations", "orderers"}:
            tables = ", ".join(
                f"{{msp = {json.dumps(v['msp'])}, root = {json.dumps(v['root'])}}}" for v in value
            )
            lines.append(f"{name} = [{tables}]")
        else:
            lines.append(f"{name} = {json.dumps(value)}")
    file = folder / "lianqiao.toml"
    file.write_text("\n".join(lines) + "\n")
    assert tomllib.loads(file.read_text())["network"]
    return file


def _plan(real: FabricGround, folder: Path, **changes: object) -> Path:
    words: dict[str, object] = {
        "number": _number(real),
        "operators": [real.account("org1", "User1")],
        "notaries": [public(key) for key in NOTARIES],
        "threshold": THRESHOLD,
        "escape_days": 400,
    }
    file = folder / "plan.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in {**words, **changes}.items()]
    file.write_text("\n".join(lines) + "\n")
    return file


def _number(real: FabricGround) -> int:
    async def asked() -> int:
        async with real.client() as client:
            return int(str((await records(client, "configuration"))[0]["number"]))

    return asyncio.run(asked())


def _run(verb: str, plan: Path, settings: Path) -> int:
    words = ["bsn", verb, str(plan), "--settings", str(settings), "--network", "shenzhen"]
    try:
        return run(words)
    except SystemExit as left:
        return int(left.code or 0)


def test_check_compares_the_chain_with_settings_and_plan(
    fabric: FabricGround, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(fabric, tmp_path)
    assert _run("check", _plan(fabric, tmp_path), settings) == AGREES
    assert "FAIL" not in capsys.readouterr().out
    for change, what in (
        ({"threshold": 3}, "threshold"),
        ({"escape_days": 30}, "escape_after"),
        ({"operators": [fabric.account("org1", "User2")]}, "operators"),
        ({"notaries": ["ab" * 32, "cd" * 32]}, "notaries"),
    ):
        assert _run("check", _plan(fabric, tmp_path, **change), settings) == DIFFERS
        said = capsys.readouterr().out
        assert [line.split()[1] for line in said.splitlines() if line[:4] == "FAIL"] == [what]
    other = _settings(fabric, tmp_path, user="User2")
    assert _run("check", _plan(fabric, tmp_path), other) == DIFFERS
    assert "FAIL  we may lock" in capsys.readouterr().out


def test_deploy_waits_for_the_organisations_and_is_done_once(
    fabric: FabricGround, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = _settings(fabric, tmp_path)
    assert _run("deploy", _plan(fabric, tmp_path), settings) == AGREES, "it stands so already"
    both = [fabric.account("org1", "User1"), fabric.account("org2", "Admin")]
    plan = _plan(fabric, tmp_path, number=_number(fabric) + 1, operators=both)
    capsys.readouterr()
    assert _run("deploy", plan, settings) == REFUSED
    said = capsys.readouterr().err
    assert "has not admitted the configuration" in said
    made = Plan.model_validate(tomllib.loads(plan.read_text()))
    digest = sha256(configuration(made, fabric.settings())).hexdigest()
    assert digest in said
    for organisation in ORGANISATIONS:
        fabric.network.admitted(organisation).write_text(digest, "ascii")
    assert _run("deploy", plan, settings) == AGREES
    assert _run("check", plan, settings) == AGREES


def test_what_cannot_be_asked_is_said(fabric: FabricGround, tmp_path: Path) -> None:
    settings = _settings(fabric, tmp_path, address="127.0.0.1:1", timeout_ms=300)
    assert _run("check", _plan(fabric, tmp_path), settings) == DOWN
    assert _run("check", _plan(fabric, tmp_path, threshold=1), settings) == USAGE
    settings.write_text("[network.shenzhen]\nadapter = 'memory'\n")
    assert _run("check", _plan(fabric, tmp_path), settings) == USAGE
