"""The first words somebody types: bare commands, wrong ones, and what help says of each."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from bridge.cli import lianqiao, run
from tests.tidy.tree import TREE


@pytest.mark.parametrize("words", [[], ["config"], ["ledger"], ["evm"], ["explain"]])
def test_a_group_alone_shows_its_help_and_is_no_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"Usage: {' '.join(['lianqiao', *words])} ")
    assert "Commands:" in told.err
    assert "error" not in told.err
    assert told.out == ""


def test_what_can_be_listed_stands_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ls"]) == 2
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith("Choose from: settlements, approvals, lanes, parties, assets, persons")


@pytest.mark.parametrize(("typed", "meant"), [("statsu", "status"), ("evn", "evm")])
def test_a_command_that_is_misspelled_is_named_rightly(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([typed]) == 2
    assert f"Did you mean '{meant}'?" in capsys.readouterr().err


def test_help_is_offered_as_this_program_is_typed() -> None:
    words = [sys.executable, "-m", "bridge", "frobnicate"]
    told = subprocess.run(words, cwd=TREE, capture_output=True, text=True, check=False)
    assert "next: python3 -m bridge --help" in told.stderr


def groups(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, with the words that name it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from groups(command, f"{path} {name}")


def test_no_line_of_help_breaks_off() -> None:
    told = {
        path: one.get_help(click.Context(one, info_name=path))
        for path, one in groups(lianqiao, "lianqiao")
        if isinstance(one, click.Group)
    }
    assert len(told) > 10
    verbs = {path: says.partition("Commands:")[2] for path, says in told.items()}
    assert [path for path, says in verbs.items() if not says or "..." in says] == []


def test_each_adapters_command_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    _, _, adapters = capsys.readouterr().out.partition("Commands of adapters:\n")
    said = {line.split()[0]: " ".join(line.split()[1:]) for line in adapters.splitlines() if line}
    assert {"bsn", "evm"} <= set(said)
    assert len(set(said.values())) == len(said)
    assert "Ethereum-compatible" in said["evm"]
    assert "permissioned" in said["bsn"]
