"""The first start on a bare machine, and every trap on the way."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge import __main__ as first
from bridge.cli.link import HOME
from bridge.locks.lock import cache_home, lock_id
from bridge.locks.why import Stopped
from tests.bootstrap.conftest import BASE, TREE, Place

# Installs as uv would, from the folder of wheels, and writes down how it was called.
UV = """#!{python}
import json, os, pathlib, sys, time, zipfile
words = sys.argv[1:]
log = pathlib.Path({log!r})
with log.open("a") as out:
    out.write(json.dumps({{"words": words, "environment": dict(os.environ)}}) + "\\n")
time.sleep({pause})
if {code}:
    print("error: invalid peer certificate: UnknownIssuer", file=sys.stderr)
    sys.exit({code})
root = pathlib.Path(words[words.index("--python") + 1]).parent.parent
site = next((root / "lib").glob("python*/site-packages"))
links = pathlib.Path(words[words.index("--find-links") + 1])
wanted = pathlib.Path(words[words.index("-r") + 1]).read_text().split()[0].partition("==")[2]
zipfile.ZipFile(links / f"lianqiao_probe-{{wanted}}-py3-none-any.whl").extractall(site)
"""


def put_uv(place: Place, *, code: int = 0, pause: float = 0) -> Path:
    """A stand-in for uv is on the path; the file it writes its calls to."""
    log = place.root / "uv.jsonl"
    place.tool("uv", UV.format(python=BASE, log=str(log), code=code, pause=pause))
    return log


def calls(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_bare_machine_gets_an_environment_of_its_own_and_the_program_runs_in_it(
    place: Place,
) -> None:
    run = place.start("status", "--all")
    told = place.told(run)
    environment = place.home / lock_id(place.tree / "bridge" / "locks" / "core.txt")
    assert told["prefix"] == str(environment)
    assert told["arguments"] == ["status", "--all"]
    assert told["path"] == str(place.tree)
    assert told["isolated"] == 1
    assert told["probe"] == "1.0"
    assert f"making an environment in {environment} (1 packages, once)" in run.stderr
    again = place.start("status")
    assert place.told(again)["prefix"] == str(environment)
    assert again.stderr == ""


def test_the_restarted_program_does_not_restart_again(place: Place) -> None:
    told = place.told(place.start())
    run = place.start(python=str(told["python"]))
    assert place.told(run)["prefix"] == told["prefix"]
    assert run.stderr == ""


def test_uv_is_used_where_it_is_on_the_path(place: Place) -> None:
    log = put_uv(place)
    place.told(place.start())
    (call,) = calls(log)
    words = call["words"]
    assert isinstance(words, list)
    assert words[:3] == ["pip", "install", "--python"]
    for word in ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-index"):
        assert word in words


def test_uv_behind_a_proxy_that_opens_tls_gets_both_names_of_the_setting_then_pip_is_tried(
    place: Place,
) -> None:
    log = put_uv(place, code=2)
    run = place.start()
    assert place.told(run)["probe"] == "1.0"
    (call,) = calls(log)
    environment = call["environment"]
    assert isinstance(environment, dict)
    assert environment["UV_SYSTEM_CERTS"] == environment["UV_NATIVE_TLS"] == "1"
    assert "UnknownIssuer" in run.stderr
    assert "trying pip" in run.stderr


def test_settings_that_send_packages_elsewhere_are_dropped_and_mirrors_are_kept(
    place: Place,
) -> None:
    elsewhere = str(place.root / "elsewhere")
    configuration = place.root / "pip.conf"
    configuration.write_text("[install]\nuser = true\n")
    place.settings = {
        "PIP_USER": "1",
        "PIP_TARGET": elsewhere,
        "PIP_CONFIG_FILE": str(configuration),
        "UV_SYSTEM_PYTHON": "1",
        "PYTHONPATH": elsewhere,
        "PIP_INDEX_URL": "https://mirror.invalid/simple",
    }
    assert place.told(place.start())["probe"] == "1.0"
    assert not Path(elsewhere).exists()
    log = put_uv(place)
    place.lock("1.1")
    place.lock("1.1", "demo.txt")
    place.told(place.start())
    environment = calls(log)[0]["environment"]
    assert isinstance(environment, dict)
    assert environment["PIP_INDEX_URL"] == "https://mirror.invalid/simple"
    assert not {"PIP_TARGET", "UV_SYSTEM_PYTHON", "PYTHONPATH"} & environment.keys()


def test_a_half_made_environment_is_never_used(place: Place) -> None:
    final = place.home / lock_id(place.tree / "bridge" / "locks" / "core.txt")
    (final / "bin").mkdir(parents=True)
    (final / "bin" / "python").symlink_to(BASE)  # unmarked: its maker died
    (place.home / f"{final.name}.building-1").mkdir()
    run = place.start()
    assert place.told(run)["probe"] == "1.0"
    assert "making" in run.stderr
    assert place.environments() == [final]


def test_killed_while_it_builds_the_next_start_builds_anew(place: Place) -> None:
    log = put_uv(place, pause=60)
    command = place.command("--offline", "--wheels", str(place.wheels))
    with subprocess.Popen(
        command, cwd=place.tree, env=place.environment(), start_new_session=True
    ) as start:
        for _ in range(600):
            if log.exists():
                break
            time.sleep(0.05)
        os.killpg(start.pid, signal.SIGKILL)
    (left,) = place.environments()
    assert ".building-" in left.name
    put_uv(place)
    assert place.told(place.start())["probe"] == "1.0"
    (whole,) = place.environments()
    assert ".building-" not in whole.name


def test_two_starts_at_once_build_one_environment(place: Place) -> None:
    log = put_uv(place, pause=1)
    command = place.command("--offline", "--wheels", str(place.wheels))
    starts = [
        subprocess.Popen(
            command,
            cwd=place.tree,
            env=place.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [start.communicate(timeout=60) for start in starts]
    assert [start.returncode for start in starts] == [0, 0], told
    assert len(calls(log)) == 1
    assert len({json.loads(out)["prefix"] for out, _ in told}) == 1
    assert sum("waiting for it" in err for _, err in told) == 1


@pytest.mark.parametrize("found", ["2.7.18", "3.6.15", "3.10.13"])
def test_an_old_python_is_told_so_in_one_sentence(place: Place, found: str) -> None:
    """The version is pretended; that the file can be read by Python 3.6 is the next test."""
    code = (
        f"import platform, runpy; platform.python_version = lambda: {found!r}; "
        "runpy.run_module('bridge', run_name='__main__', alter_sys=True)"
    )
    run = subprocess.run(
        [BASE, "-c", code], cwd=place.tree, env=place.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert run.stderr.startswith(f"lianqiao: Lianqiao needs Python 3.11 or newer; this is {found}")
    assert "Traceback" not in run.stderr
    assert place.environments() == []


@pytest.mark.parametrize(
    "name", ["__init__.py", "__main__.py", "locks/__init__.py", "locks/lock.py", "locks/why.py"]
)
def test_the_first_step_needs_the_standard_library_only_and_reads_as_python_3_6(name: str) -> None:
    text = (TREE / "bridge" / name).read_text()
    for node in ast.walk(ast.parse(text, feature_version=(3, 6))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
            assert node.module != "__future__"  # annotations are newer than 3.6
        else:
            continue
        for imported in names:
            assert imported.partition(".")[0] in sys.stdlib_module_names or imported in {
                "bridge.locks.lock",
                "bridge.locks.why",
            }


def test_outside_of_its_environment_it_stops_with_a_sentence_instead_of_a_loop(
    place: Place,
) -> None:
    """With another argv[0] the interpreter does not find pyvenv.cfg: the reason for the rule."""
    environment = Path(str(place.told(place.start())["prefix"]))
    command = first.restart_command(environment, place.tree, ["status"])
    run = subprocess.run(
        [BASE, *command[1:]], executable=command[0], env=place.environment(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert f"Started again in {environment}, yet this is" in run.stderr
    assert "next: rm -r" in run.stderr


def test_offline_without_wheels_says_what_is_needed(place: Place) -> None:
    run = place.start("--offline", "demo", offline=False)
    assert run.returncode == 2
    assert "--wheels DIR" in run.stderr
    assert place.environments() == []


def test_offline_asks_no_index(place: Place) -> None:
    log = put_uv(place, code=2)
    place.settings = {"PIP_INDEX_URL": "https://mirror.invalid/simple"}  # would be asked otherwise
    began = time.monotonic()
    assert place.told(place.start("status"))["arguments"] == ["status"]
    assert time.monotonic() - began < 30
    environment = calls(log)[0]["environment"]
    assert isinstance(environment, dict)
    assert environment["UV_OFFLINE"] == environment["PIP_NO_INDEX"] == "1"


def test_offline_behind_a_command_is_the_commands_own_too(place: Place) -> None:
    wheels = f"--wheels={place.wheels}"
    told = place.told(place.start("demo", "--offline", wheels, "--", "--wheels", offline=False))
    assert told["arguments"] == ["demo", "--offline", "--", "--wheels"]


@pytest.mark.parametrize("wheels", [["--wheels"], ["--wheels", "no-such-folder"]])
def test_wheels_that_are_not_there_are_a_matter_of_usage(place: Place, wheels: list[str]) -> None:
    run = place.start(*wheels, offline=False)
    assert run.returncode == 2
    assert "--wheels" in run.stderr


def test_another_lock_is_another_folder_and_the_way_back_is_free(place: Place) -> None:
    before = place.told(place.start())["prefix"]
    place.lock("2.0")
    place.lock("2.0", "demo.txt")
    upgraded = place.told(place.start())
    assert upgraded["probe"] == "2.0"
    assert upgraded["prefix"] != before
    place.lock("1.0")
    back = place.start()
    assert place.told(back)["prefix"] == before
    assert "making" not in back.stderr


def test_the_demo_has_a_lock_of_its_own_and_its_environment_serves_the_core(place: Place) -> None:
    place.lock("3.0", "demo.txt")
    demo = place.told(place.start("demo"))
    assert demo["probe"] == "3.0"
    core = place.start("status")  # an environment is whole for it: the demo's
    assert place.told(core)["prefix"] == demo["prefix"]
    assert core.stderr == ""


def test_an_environment_without_marker_is_used_when_it_has_what_is_locked(place: Place) -> None:
    told = place.told(place.start())
    environment = Path(str(told["prefix"]))
    (environment / first.MARKER).unlink()
    own = environment.rename(place.root / "their own")  # not where we would look
    run = place.start(python=str(own / "bin" / "python"))
    assert place.told(run)["prefix"] == str(own)
    (own / first.MARKER).write_text("0123456789abcdef\n")  # made by us, for another lock
    run = place.start(python=str(own / "bin" / "python"))
    assert place.told(run)["prefix"] == str(own), "it has what is locked"
    place.lock("2.0")
    place.lock("2.0", "demo.txt")
    run = place.start(python=str(own / "bin" / "python"))
    assert place.told(run)["probe"] == "2.0"
    assert place.told(run)["prefix"] not in {str(own), str(environment)}


def test_an_environment_whose_python_is_gone_is_made_anew(place: Place) -> None:
    environment = Path(str(place.told(place.start())["prefix"]))
    for name in ("python", "python3"):
        (environment / "bin" / name).unlink(missing_ok=True)
    (environment / "bin" / "python").symlink_to(place.root / "uninstalled")
    run = place.start()
    assert place.told(run)["prefix"] == str(environment)
    assert "making" in run.stderr


def test_a_wheel_with_another_hash_is_refused(place: Place) -> None:
    wheel = next(place.wheels.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    run = place.start()
    assert run.returncode == 1
    assert run.stdout == ""
    assert "next: " in run.stderr
    assert place.environments() == []


def test_a_package_without_a_wheel_here_is_named_with_the_platforms_that_have_one(
    place: Place,
) -> None:
    for name in ("core.txt", "demo.txt"):
        lock = place.tree / "bridge" / "locks" / name
        lock.write_text(f"lxml==6.1.3 \\\n    --hash=sha256:{'0' * 64}\n")
    run = place.start()
    assert run.returncode == 1
    assert "lxml 6.1.3 has no wheel for linux" in run.stderr
    assert "Linux x86_64" in run.stderr
    assert place.environments() == []


def test_an_index_that_cannot_be_reached_is_a_dependency_that_is_down(place: Place) -> None:
    place.settings = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}
    run = place.start(offline=False)
    assert run.returncode == 6
    assert "cannot be reached" in run.stderr


def test_a_cache_folder_that_cannot_be_written_is_named(place: Place) -> None:
    place.settings = {"LIANQIAO_CACHE": "/proc/lianqiao"}
    run = place.start()
    assert run.returncode == 1
    assert "next: set LIANQIAO_CACHE" in run.stderr
    assert "Traceback" not in run.stderr


def test_put_there_by_an_installer_it_runs_as_it_is(place: Place) -> None:
    environment = Path(str(place.told(place.start())["prefix"]))
    (place.tree / "pyproject.toml").unlink()
    place.lock("9.0")  # pip may have chosen other versions than the lock
    run = place.start("version", python=str(environment / "bin" / "python"), offline=False)
    assert place.told(run)["arguments"] == ["version"]


def test_where_venv_itself_is_missing_the_environment_is_made_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first, "run_tool", lambda _command: (1, "No module named venv\n"))
    first.bare_environment(tmp_path / "made")
    code = "import sys; print(sys.prefix, sys.prefix != sys.base_prefix)"
    python = first.python_of(tmp_path / "made")
    run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == f"{tmp_path / 'made'} True"


@pytest.mark.parametrize("said", ["pip 20.3.4 from /usr/lib (python 3.11)", "No module named pip"])
def test_a_pip_too_old_or_absent_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("PATH", str(place.root))
    monkeypatch.setattr(first, "run_tool", lambda _command: (0, said))
    lock = place.tree / "bridge" / "locks" / "core.txt"
    with pytest.raises(Stopped, match="no pip 22") as stopped:
        first.install(lock, place.root / "environment", first.Wishes([]))
    assert said in str(stopped.value)
    assert stopped.value.code == 1


def test_the_cache_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LIANQIAO_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(HOME, str(tmp_path / "pilot"))  # an installation, not a place for packages
    assert cache_home() == tmp_path / ".cache" / "lianqiao"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_home() == tmp_path / "xdg" / "lianqiao"
    monkeypatch.setenv("LIANQIAO_CACHE", str(tmp_path / "own"))
    assert cache_home() == tmp_path / "own"
