"""Every error says four things: its code, a sentence, the likely cause, the next command."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_manners import terminal
from tests.notary.ledgers import LI
from tests.tidy.tree import modules

CODE = re.compile(r"LQ-[A-Z0-9]+(-[A-Z0-9]+)*\Z")
PARTS = {  # how an error is raised: where its sentence stands, what else it has to say
    "Stopped": (2, ("cause", "following")),
    "Declined": (1, ("remedy",)),  # the sentence says why; the place is shown as the cause
    "Trouble": (2, ("remedy",)),
}


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Every place of the product where an error with a code is made."""
    for module in modules():
        if not module.name.startswith(("bridge/", "adapters/")) or module.name.endswith("_.py"):
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
