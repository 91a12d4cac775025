"""What the README shows of the command line is what the command line says."""

import os
import re
import shlex
import subprocess
import sys

from tests.tidy.tree import TREE

README = TREE / "README.md"


def shown_help() -> list[tuple[str, str]]:
    """Every command ending in `--help` that the README shows in a block, and what it shows."""
    found = []
    for block in re.findall(r"^```\w*\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = part.partition("\n")
            if command.strip().endswith("--help"):
                found.append((command.strip(), answer.strip()))
    return found


def test_the_help_in_the_readme_is_the_programs() -> None:
    has_command_line = (TREE / "bridge" / "cli" / "__init__.py").exists()
    assert shown_help() or not has_command_line, "show `$ lianqiao --help` in the README"
    for command, answer in shown_help():
        program, *arguments = shlex.split(command)
        assert program == "lianqiao", command
        run = subprocess.run(
            [sys.executable, "-m", "bridge", *arguments],
            cwd=TREE,
            env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        said = run.stdout.strip()
        assert re.sub(r"python3? -m bridge", "lianqiao", said) == answer, command
