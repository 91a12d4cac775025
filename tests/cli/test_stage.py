"""A daemon of the demo that does not come up says why, in a sentence and not in a traceback."""

import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge import registry
from bridge.cli import stage as staging
from bridge.cli import up
from bridge.cli.child import Daemon
from bridge.cli.endings import ending
from bridge.cli.manners import Stopped
from bridge.cli.stage import Stage, stage


async def test_a_daemon_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    """The folder may be gone when somebody reads it, so its log is no place to look."""
    config = tmp_path / "lianqiao.toml"
    config.write_text("unknown = 1\n")
    with pytest.raises(Stopped) as stopped:
        await Daemon(config).start()
    assert "unknown" in stopped.value.cause
    assert stopped.value.following


def waiting(config: Path, said: str) -> subprocess.CompletedProcess[str]:
    """A daemon that begins at an empty line, told so much; its imports are on standard error."""
    return subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "bridge",
            "up",
            "--on-stdin",
            "--config",
            config,
        ],
        input=said,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_daemon_that_waits_loads_the_adapters_it_is_told_and_begins_at_an_empty_line(
    tmp_path: Path,
) -> None:
    config = tmp_path / "lianqiao.toml"
    config.write_text("unknown = 1\n")
    ended = waiting(config, "memory\nnothing-of-the-kind\n")
    assert (ended.returncode, ended.stdout) == (0, ""), "who was to begin it has gone"
    assert " adapters.memory.adapter\n" in ended.stderr
    assert "unknown" not in ended.stderr
    begun = waiting(config, "nothing-of-the-kind\n\n")
    assert (begun.returncode, "unknown" in begun.stderr) == (2, True)
    assert " adapters.memory.adapter\n" not in begun.stderr


def test_an_adapter_of_others_that_fails_as_it_is_loaded_keeps_no_daemon_from_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("whatever is wrong with it")

    monkeypatch.setattr(registry, "load", broken)
    monkeypatch.setattr(sys, "stdin", io.StringIO("theirs\n\n"))
    assert up._begun()


async def test_a_daemon_that_ends_before_it_has_its_registers_is_waited_for_by_nobody(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "")  # which a stage sets

    async def die(built: Stage) -> None:
        await built.daemon.kill()
        await asyncio.Event().wait()

    monkeypatch.setattr(staging, "registers", die)
    with pytest.raises(ExceptionGroup) as told:
        async with stage(tmp_path, f"tcp:localhost:{unused_tcp_port_factory()}"):
            raise AssertionError("it stands")
    stopped = ending(told.value, tmp_path)
    assert stopped is not None
    assert (stopped.code, "code -9" in stopped.cause) == ("LQ-DEMO", True)
