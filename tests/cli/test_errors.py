"""Every error says four things: its code, a sentence, the likely cause, the next command."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bridge.cli import lianqiao, run
from tests.api.front import order
from tests.cli.test_manners import terminal
from tests.notary.ledgers import LI
from tests.tidy.tree import modules

CODE = re.compile(r"LQ-[A-Z0-9]+(-[A-Z0-9]+)*\Z")
PARTS = {  # how an error is raised: where its sentence stands, what else it has to say
    "Stopped": (2, ("cause", "following")),
    "Declined": (1, ("remedy",)),  # the sentence says why; the place is shown as the cause
    "Trouble": (2, ("remedy",)),
}


FIRST_STEP = ("bridge/__main__.py", "bridge/locks/why.py")  # its own error: a sentence, a remedy


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Every place of the product where an error with a code is made."""
    for module in modules():
        if not module.name.startswith(("bridge/", "adapters/")) or module.name in FIRST_STEP:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                kind = node.func.id
                if kind in PARTS and len(node.args) > 1:
                    yield f"{module.name}:{node.lineno}", kind, node


def test_every_error_has_a_code_a_sentence_a_cause_and_a_next_step() -> None:
    found, codes, lacking = 0, set[str](), list[str]()
    for where, kind, call in raised():
        found += 1
        place, members = PARTS[kind]
        given = {one.arg: one.value for one in call.keywords}
        said = {"code": call.args[place - 1], "sentence": call.args[place], **given}
        for name in ("code", "sentence", *members):
            value = said.get(name)
            if value is None or (isinstance(value, ast.Constant) and not value.value):
                lacking.append(f"{where}: {name}")
        code = said["code"]
        if isinstance(code, ast.Constant):
            codes.add(str(code.value))
    assert lacking == []
    assert found > 120
    assert [code for code in sorted(codes) if CODE.match(code) is None] == []
    assert len(codes) > 60


NAMED = re.compile(r"lianqiao ([a-z][a-z0-9-]*)(?: ([a-z][a-z0-9-]*))?")
NO_COMMANDS = ("lianqiao does not start", "lianqiao devnet")


def said() -> Iterator[tuple[str, str]]:
    """Every text of the product, with where it stands; what is put into it is left out."""
    for module in modules():
        if not module.name.startswith(("bridge/", "adapters/")):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.JoinedStr):
                parts = [one.value for one in node.values if isinstance(one, ast.Constant)]
                yield f"{module.name}:{node.lineno}", "\0".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{module.name}:{node.lineno}", node.value


def unknown(words: re.Match[str]) -> bool:
    """Whether there is no such command; of a group, the one within it is meant."""
    first = lianqiao.get_command(click.Context(lianqiao), words[1])
    if not isinstance(first, click.Group) or not words[2]:
        return first is None
    return first.get_command(click.Context(first), words[2]) is None


def test_every_command_that_is_named_as_a_next_step_is_there() -> None:
    found, wrong = 0, list[str]()
    for where, text in said():
        for words in NAMED.finditer(text):
            found += 1
            known = text[words.start() :].startswith(NO_COMMANDS)
            if not known and unknown(words):
                wrong.append(f"{where}: {words[0]}")
    assert wrong == []
    assert found > 100


async def test_what_the_daemon_refuses_is_told_in_the_same_four_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a problem names no place, its title is the likely cause."""
    nowhere = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    async with terminal(tmp_path, capsys) as at:
        refused = [
            await at.type("trace", nowhere),
            await at.type("cancel", nowhere, "--reason", "x"),
            await at.type("approve", nowhere),
            await at.type("send", at.order_file(units="ten")),
            await at.type("lane", "pause", "nowhere", "--reason", "x"),
            await at.type("consent", "show", nowhere),
            await at.type("trace", "?"),
            await at.type("no-such-command"),
        ]
        (at.folder / f"{LI}.token").write_text("lq_other", "utf-8")
        refused.append(await at.type("status"))
    for one in refused:
        assert one.exit in {2, 3, 4}
        first, cause, following = one.err.splitlines()
        assert re.match(r"error LQ-[A-Z-]+: .", first)
        assert re.match(r"cause: .", cause)
        assert re.match(r"next: .", following)


async def test_a_next_step_is_typed_for_the_same_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who named a folder names it again, and a tree that nobody installed says `python3 -m`."""
    nowhere, there = "01ARZ3NDEKTSV4RRFFQ69G5FAV", f"--folder {tmp_path}"
    monkeypatch.setattr("sys.argv", ["/a/tree/bridge/__main__.py"])
    async with terminal(tmp_path, capsys) as at:
        lost = await at.type("trace", nowhere)
        assert lost.err.endswith(f"next: python3 -m bridge ls settlements {there}\n")
        assert "cause: it is misspelled, or another installation's\n" in lost.err
        sent = await at.desk.ask("POST", "/v1/settlements", order(at.desk.water))
        of = sent.json["settlement"]
        waits = await at.type("trace", of)
        assert f"you can do: python3 -m bridge consent show {there} {of} says " in waits.out
        asked = await at.type("cancel", of, "--reason", "x")
        assert f"python3 -m bridge approve {there} " in asked.err
        down = await at.type("down")
        assert down.err.endswith(f"next: python3 -m bridge up {there}\n")
        monkeypatch.setenv("LIANQIAO_HOME", str(tmp_path))
        code = await asyncio.to_thread(run, ["trace", nowhere])
    assert (code, capsys.readouterr().err.splitlines()[-1]) == (
        3, "next: python3 -m bridge ls settlements",
    )  # fmt: skip
