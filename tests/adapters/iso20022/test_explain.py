"""`lianqiao explain iso20022`: one line a file, a verdict, and an exit code a script can read."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import run
from tests.schemas.iso20022.messages import pacs008

RIGHT = ("--profile", "cbpr+2026", "--on", "2026-11-14", "--output", "jsonl")
Row = dict[str, Any]


def explain(
    capture: pytest.CaptureFixture[str], *words: str, files: list[Path]
) -> tuple[int, list[Row], str]:
    code = run(["explain", "iso20022", *map(str, files), *words])
    told = capture.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()], told.err


def put(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_a_right_file_is_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, "right.xml", pacs008())
    code, rows, _ = explain(capsys, *RIGHT, files=[file])
    assert code == 0
    assert rows == [
        {
            "schema": "lianqiao.message/1",
            "file": str(file),
            "message": "pacs.008.001.08",
            "verdict": "accepted",
            "findings": [],
        }
    ]


def test_one_wrong_file_of_two_exits_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = put(tmp_path, "right.xml", pacs008())
    wrong = put(tmp_path, "wrong.xml", pacs008().replace("DE89", "DE88"))
    code, rows, _ = explain(capsys, *RIGHT, files=[wrong, right])
    assert code == 1
    assert [row["verdict"] for row in rows] == ["refused", "accepted"]
    assert rows[0]["findings"] == [
        {
            "rule": "ISO-VAL-003",
            "severity": "refuse",
            "path": "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/DbtrAcct/Id/IBAN",
            "title": "IBAN, LEI, BIC and country hold what their standards compute or list",
        }
    ]


def test_a_version_not_spoken_says_which_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "later.xml", pacs008().replace("pacs.008.001.08", "pacs.008.001.12"))
    code, (row,), _ = explain(capsys, *RIGHT, files=[file])
    (finding,) = row["findings"]
    assert (code, row["verdict"], finding["rule"]) == (1, "refused", "ISO-ENV-003")
    assert finding["title"].endswith("spoken here: pacs.008.001.08")


@pytest.mark.parametrize(("day", "code"), [("2026-11-13", 0), ("2026-11-14", 1)])
@pytest.mark.parametrize("profile", ["cbpr+2025", "cbpr+2026", "hvps+"])
def test_the_same_file_passes_on_the_13th_and_fails_on_the_14th(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], day: str, code: int, profile: str
) -> None:
    old = pacs008().replace("<TwnNm>Porto</TwnNm><Ctry>PT</Ctry>", "<AdrLine>Porto</AdrLine>")
    file = put(tmp_path, "old.xml", old)
    words = ("--profile", profile, "--on", day, "--output", "jsonl")
    found, (row,), _ = explain(capsys, *words, files=[file])
    assert found == code
    rules = {finding["rule"] for finding in row["findings"]}
    assert ("ADR-001" in rules) == bool(code)


@pytest.mark.parametrize(
    "words",
    [
        ("--profile", "cbpr+2030", "--on", "2026-11-14"),
        ("--on", "2026-11-14"),
        ("--profile", "cbpr+2026", "--on", "14.11.2026"),
        ("--profile", "cbpr+2026", "--on", "20261114"),
        ("--profile", "cbpr+2026", "--on", "2026-02-30"),
        ("--profile", "cbpr+2026", "--output", "xml"),
        ("--profile", "cbpr+2026", "no-such-file.xml"),
        ("--profile", "cbpr+2026", "."),
    ],
)
def test_arguments_that_cannot_be_read_exit_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, rows, error = explain(capsys, *words, files=[put(tmp_path, "right.xml", pacs008())])
    assert (code, rows) == (2, [])
    assert error


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize(
    "change",
    [
        ("<TwnNm>Porto</TwnNm>", "<TwnNm>Po\u009b2J\u202erto</TwnNm>"),
        ("pacs.008.001.08", "pacs.008.001.\u009b2J\u202e"),
        ("<GrpHdr>", "<x\u009b2J\u202e/><GrpHdr>"),
        ("<GrpHdr>", "<\u0e33\u202emalice/><GrpHdr>"),
        ("<GrpHdr>", "<GrpHdr>\x1b[2J"),
    ],
)
def test_a_terminal_gets_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], form: str
) -> None:
    file = put(tmp_path, "hostile\x1b[2J\u202e.xml", pacs008().replace(*change))
    run(["explain", "iso20022", str(file), *RIGHT[:4], "--output", form])
    told = capsys.readouterr()
    assert told.out
    said = (told.out + told.err).replace("\r\n", "\n")
    assert all(one.isprintable() or one == "\n" for one in said)


def test_no_file_is_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(capsys, *RIGHT, files=[])[0] == 2


def test_without_a_day_it_is_today_by_the_programs_clock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path, "old.xml", pacs008().replace("<TwnNm>Porto</TwnNm>", ""))
    monkeypatch.setattr("bridge.clock.SystemClock.now", lambda _: 1_794_614_399_999)
    words = ("--profile", "cbpr+2026", "--output", "jsonl")
    assert explain(capsys, *words, files=[file])[0] == 0
    monkeypatch.setattr("bridge.clock.SystemClock.now", lambda _: 1_794_614_400_000)
    assert explain(capsys, *words, files=[file])[0] == 1


def test_a_profile_out_of_its_days_is_said_beside_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "right.xml", pacs008())
    words = ("--profile", "cbpr+2025", "--on", "2026-11-14", "--output", "jsonl")
    code, _, error = explain(capsys, *words, files=[file])
    assert code == 0
    assert "to 13 November 2026" in error


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_every_form_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    file = put(tmp_path, "wrong.xml", pacs008().replace("USD", "ZZZ"))
    words = ("--profile", "cbpr+2026", "--on", "2026-11-14", "--output", form)
    assert run(["explain", "iso20022", str(file), *words]) == 1
    said = capsys.readouterr().out
    assert all(word in said for word in (str(file), "refused", "ISO-VAL-001", "IntrBkSttlmAmt"))


def test_no_value_of_the_message_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = pacs008().replace("<Nm>Ana Reis</Nm>", f"<Nm>{'Jane Roe ' * 40}</Nm>")
    code, rows, error = explain(capsys, *RIGHT, files=[put(tmp_path, "long.xml", text)])
    assert code == 1
    assert "Jane" not in json.dumps(rows) + error


def test_the_program_finds_the_command(tmp_path: Path) -> None:
    file = put(tmp_path, "right.xml", pacs008())
    line = [sys.executable, "-m", "bridge", "explain", "iso20022", str(file), *RIGHT]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "accepted")
