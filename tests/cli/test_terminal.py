"""What a terminal can show: eighty columns, few signs, no control codes, Hanzi of two columns."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.cli.manners import Json, table
from bridge.core.effects import Verb
from bridge.engine.waiting import Cause
from tests.cli.test_manners import terminal
from tests.cli.test_trace import given_by_somebody, told

TREE = Path(__file__).resolve().parents[2]
COLUMNS = ("id", "stage", "stop", "lane", "asset", "units", "uetr")
ROWS: list[Mapping[str, Json]] = [
    {
        "id": f"01M8CVNK5WG78GQNVE7MAJZ14{last}",
        "stage": stage,
        "stop": "",
        "lane": "sz-hk",
        "asset": "receivable-a",
        "units": "1",
        "uetr": f"7844d80a-fb57-43a6-83d6-f975383d305{last}",
    }
    for last, stage in (("1", "settled"), ("2", "rescreening"))
]


def test_a_table_folds_into_the_terminal_and_loses_nothing() -> None:
    whole, folded = table(ROWS, COLUMNS), table(ROWS, COLUMNS, 80)
    assert max(map(len, whole)) > 80
    assert max(map(len, folded)) <= 80
    assert " ".join(folded).split() == " ".join(whole).split()
    head, _, first, more, second, _ = folded
    for column, row in (("STAGE", "settled"), ("LANE", "sz-hk")):
        assert head.index(column) == first.index(row)
    assert head.index("LANE") == second.index("sz-hk")
    assert more.startswith("  "), "a row goes on, indented"
    assert table(ROWS, COLUMNS, 1000) == whole


def test_hanzi_take_two_columns_each() -> None:
    parties: list[Mapping[str, Json]] = [
        {"name": "黃大文", "state": "active"},
        {"name": "Chen Jing", "state": "active"},
    ]
    _, hanzi, latin = table(parties, ("name", "state"))
    assert hanzi.index("active") + 3 == latin.index("active")


def typed(folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(folder), **changes},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"LANG": "zh_CN.UTF-8", "LC_ALL": ""},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_a_name_that_the_locale_lacks_stops_nothing(tmp_path: Path, locale: dict[str, str]) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "bridge", "init", str(tmp_path / "连")],
        cwd=TREE,
        env={**os.environ, **locale},
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(b"made ")


def shown(form: str, encoding: str) -> str:
    """What is printed of a text with signs where the terminal has this encoding."""
    code = (
        "from bridge.cli.manners import show, speak_plainly; speak_plainly(); "
        f"text = '✓ settled → 黃'; show({form!r}, 'thing', {{'at': text}}, lambda: [text])"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=TREE,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    ).stdout.decode(encoding)


def test_signs_that_an_encoding_lacks_have_plainer_ones_and_json_stays_the_same() -> None:
    assert shown("table", "utf-8") == "✓ settled → 黃\n"
    assert shown("table", "latin-1") == "+ settled -> \\u9ec3\n"
    assert shown("table", "gb18030") == "✓ settled → 黃\n"
    assert json.loads(shown("json", "latin-1")) == json.loads(shown("json", "utf-8"))


def on_a_terminal(folder: Path, **changes: str) -> str:
    """What a demo writes to a terminal."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "bridge", "demo", "--once", "--wires", "memory"]
    with subprocess.Popen(
        [*words, "--story", "clean"],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(folder), "TERM": "xterm", **changes},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.STDOUT,
    ) as run:
        os.close(theirs)
        said = bytearray()
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:
            pass  # the other side of a terminal was closed
        finally:
            os.close(ours)
    assert run.returncode == 0, said
    return said.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "draws"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_nothing_is_drawn_over_where_no_control_codes_are_wanted(
    tmp_path: Path, changes: dict[str, str], draws: bool
) -> None:
    said = on_a_terminal(tmp_path, **changes)
    assert ("\x1b" in said) is draws
    assert "settled" in said


async def test_what_a_network_says_moves_no_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A node's words are shown with their control characters taken out, or escaped."""
    hostile = "\x1b[2J\x9b1Amalice\u202e\r"
    async with terminal(tmp_path, capsys) as at:
        of = await given_by_somebody(Verb.LOCK, hostile)(at.desk, monkeypatch)
        shown = await told(at.desk, of, Cause.STRANGER)
        for form in ("table", "json", "jsonl", "csv"):
            said = (await at.type("trace", of, "--output", form)).out
            assert "malice" in said
            assert all(one.isprintable() or one == "\n" for one in said.replace("\r\n", "\n"))
        document = json.loads((await at.type("trace", of, "--output", "json")).out)
        assert document["waiting"] == shown["waiting"]
