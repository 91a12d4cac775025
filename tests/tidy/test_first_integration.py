"""The first integration: its schema is the API's, its samples are orders, its walk ends settled."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.api import OrderBody
from tests.tidy.tree import TREE

FOLDER = TREE / "examples" / "first_integration"
SCHEMA = FOLDER / "order.schema.json"
SAMPLES = sorted(set(FOLDER.glob("*.json")) - {SCHEMA})


def drawn() -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "lianqiao.order/1",
        **OrderBody.model_json_schema(),
    }


def test_the_schema_is_drawn_from_what_the_api_takes() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == drawn(), (
        "python3 -m tests.tidy.test_first_integration writes it"
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_is_an_order(sample: Path) -> None:
    OrderBody.model_validate_json(sample.read_bytes())


def test_there_are_three_samples() -> None:
    assert len(SAMPLES) == 3


@pytest.mark.slow
def test_the_walk_goes_from_the_check_of_a_token_to_its_rest(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "examples.first_integration"],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert any(line.startswith("check ") and line.endswith("can cross") for line in lines), lines
    assert "event     PaperGiven → rescreening" in lines
    assert lines[-1] == "rest      settled"
    assert list(tmp_path.iterdir()) == []


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(drawn(), indent=1) + "\n", "utf-8")
