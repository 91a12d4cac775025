"""Ctrl-C while the program is still being loaded ends it without a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
INSTALLED = ("-c", "from bridge.start import main; main()")
SLOW = "import sys, time\nsys.stderr.write('loading\\n')\nsys.stderr.flush()\ntime.sleep(30)\n"


@pytest.mark.parametrize(
    ("words", "module"), [(("-m", "bridge"), "platform"), (INSTALLED, "click")]
)
@pytest.mark.parametrize("ignored", [False, True])
def test_ctrl_c_while_it_is_loaded_ends_it_silently(
    tmp_path: Path, words: tuple[str, ...], module: str, ignored: bool
) -> None:
    """A module of its own name that takes its time stands for a slow disk."""
    (tmp_path / f"{module}.py").write_text(SLOW.replace("30", "2") if ignored else SLOW)
    with subprocess.Popen(
        [sys.executable, *words, "version"],
        cwd=TREE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(TREE)))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(  # noqa: PLW1509  no thread runs here
            signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL
        ),
    ) as child:
        assert child.stderr is not None
        while "loading" not in (line := child.stderr.readline()):
            assert line, "it ended"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    if ignored:  # as by nohup: it goes on, and fails by what stands for a module only
        assert child.returncode != -signal.SIGINT
    else:
        assert (child.returncode, said) == (-signal.SIGINT, "")
