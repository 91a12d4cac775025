"""The program's first step: its packages are there, in this interpreter or a new environment.

Standard library only, and no syntax or annotation newer than Python 3.6, so that an old Python
can still say that it is too old. Everything that fails here ends in one sentence and the next
command; nothing here touches a shell profile, another environment or an unpinned name.

Source: README.md, first run; PEP 405 (pyvenv.cfg); PEP 508 (markers of the locks).
"""

# Before all else, and without the tenth of a second that importing takes: Ctrl-C ends us at once,
# as its signal does, until `main` can say so itself. What is left is Python's own start before its
# first line of ours, some 15 ms, and 15 more where we start again in our environment: there it
# prints a traceback of its own, and nothing was begun.
if __name__ == "__main__":
    import gc
    import signal

    gc.set_threshold(50_000)  # what importing makes is no cycle to be sought
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

import contextlib
import importlib
import os
import platform
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import Iterator  # noqa: UP035  # its newer place is newer than Python 3.6

from bridge.locks.lock import cache_home, lock_id, missing, numbers, pins, served_by
from bridge.locks.why import ROOM, Stopped, last, why_not

OLDEST = (3, 11)
MARKER = "lianqiao-locks"  # in an environment: the ids of the locks it satisfies; written last
OLDEST_PIP = (22, 3)  # the first that knows --python

# Each would send packages elsewhere than into our environment, or start a foreign interpreter.
MISLEADING = (
    "PIP_PREFIX",
    "PIP_PYTHON",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "VIRTUAL_ENV",
)

# Runs in the environment: the tree first on the path, and no other way in. No .pth, no PYTHONPATH,
# so one environment serves several trees.
RESTART = (
    "import signal as s; s.getsignal(s.SIGINT) is s.SIG_IGN or s.signal(s.SIGINT, s.SIG_DFL); "
    "import runpy, sys; tree, made = sys.argv[1:3]; del sys.argv[1:3]; sys.path.insert(0, tree); "
    'runpy.run_module("bridge", {"RESTARTED_IN": made}, run_name="__main__", alter_sys=True)'
)


class Wishes:
    """What the command line says to this step; `rest` is what the program itself gets to see."""

    def __init__(self, arguments: "list[str]") -> None:
        self.offline = False
        self.wheels = ""
        self.rest = []  # type: list[str]
        waiting = list(arguments)
        while waiting:
            word = waiting.pop(0)
            if word == "--":
                self.rest += [word, *waiting]
                break
            if word == "--wheels":
                if not waiting:
                    raise Stopped(2, "--wheels needs a folder of wheels.", "--wheels DIR")
                self.wheels = waiting.pop(0)
            elif word.startswith("--wheels="):
                self.wheels = word.partition("=")[2]
            elif word == "--offline":
                self.offline = True
                if self.rest:  # behind a command it is the command's own option too
                    self.rest.append(word)
            else:
                self.rest.append(word)
        if self.wheels and not Path(self.wheels).is_dir():
            raise Stopped(2, f"--wheels {self.wheels}: no such folder.", "--wheels DIR")
        if self.wheels:
            self.wheels = str(Path(self.wheels).resolve())


def say(text: str) -> None:
    """The text stands on stderr: results alone go to stdout."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def check_python(found: str) -> None:
    """A Python of this version can run the program.

    Errors: Stopped, when it is too old.
    """
    if numbers(found) < OLDEST:
        raise Stopped(
            2,
            f"Lianqiao needs Python 3.11 or newer; this is {found} ({sys.executable}).",
            "the same command with a newer Python's own name, such as python3.11",
        )


def python_of(environment: Path) -> Path:
    """The interpreter of an environment."""
    return environment / "bin" / "python"


def is_whole(environment: Path, lock: Path) -> bool:
    """Whether the environment was finished for this lock and its interpreter still exists."""
    marker = environment / MARKER
    return (
        marker.is_file()
        and lock_id(lock) in marker.read_text(encoding="ascii").split()
        and python_of(environment).exists()
    )


def fits(lock: Path) -> bool:
    """Whether this very interpreter will do; versions are read where its marker names another lock.

    A lock may have come to ask for less than one this was made for: what it asks for is there.
    """
    return is_whole(Path(sys.prefix), lock) or not missing(lock)


def locks_for(tree: Path, arguments: "list[str]") -> "list[Path]":
    """The locks that would do for this command, best first; the demo's holds all of the core's."""
    core, demo = (tree / "bridge" / "locks" / name for name in ("core.txt", "demo.txt"))
    return [demo] if "demo" in arguments and demo.exists() else [core, demo]


def make_environment(lock: Path, wishes: Wishes) -> Path:
    """The finished environment of this lock, made now unless it is there.

    Built under a temporary name, marked, then renamed: a half-made folder is never used. A lock
    file, held by the kernel for as long as its process lives, keeps two starts apart.
    Errors: Stopped, with the next command.
    """
    home, name = cache_home(), lock_id(lock)
    final, building = home / name, home / f"{name}.building-{os.getpid()}"
    if is_whole(final, lock):
        return final  # also where nothing may be written
    try:
        home.mkdir(parents=True, exist_ok=True)
        with stopped_as_by_ctrl_c(), alone(home / f"{name}.lock"):
            if is_whole(final, lock):
                return final
            for leftover in home.glob(f"{name}.building-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            say(f"making an environment in {final} ({len(pins(lock))} packages, once)")
            try:
                bare_environment(building)
                install(lock, building, wishes)
                (building / MARKER).write_text("\n".join(served_by(lock)), encoding="ascii")
                shutil.rmtree(final, ignore_errors=True)  # unmarked, or of a Python that is gone
                building.rename(final)
            finally:
                shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise Stopped(1, f"Cannot make an environment in {home}: {error}.", ROOM) from error
    return final


@contextlib.contextmanager
def stopped_as_by_ctrl_c() -> "Iterator[None]":
    """Within the block SIGTERM and SIGHUP do what Ctrl-C does, unless they are ignored."""
    heard = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in heard:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def alone(path: Path) -> "Iterator[None]":
    """Nobody else is inside with the same path, in any process, until we leave."""
    import fcntl  # noqa: PLC0415  # absent on Windows, which never comes this far

    with path.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is making this environment; waiting for it")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def bare_environment(folder: Path) -> None:
    """An environment without pip stands in `folder`, even where ensurepip or venv is missing."""
    code, told = run_tool([sys.executable, "-I", "-m", "venv", "--without-pip", str(folder)])
    if code == 0:
        return
    shutil.rmtree(folder, ignore_errors=True)
    if "No module named venv" not in told:
        raise Stopped(
            1, f"python3 -m venv failed: {last(told)}", "python3 -m venv --without-pip DIR"
        )
    python = Path(getattr(sys, "_base_executable", sys.executable))
    version = ".".join(platform.python_version_tuple()[:2])
    (folder / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(python)
    (folder / "bin" / "python3").symlink_to("python")
    (folder / "pyvenv.cfg").write_text(
        f"home = {python.parent}\ninclude-system-site-packages = false\n"
        f"version = {platform.python_version()}\n",
        encoding="utf-8",
    )


def install(lock: Path, environment: Path, wishes: Wishes) -> None:
    """Every package of the lock, hash for hash, is in the environment.

    By uv if it is on the path, else by pip, which works on the foreign environment from outside.
    Errors: Stopped when both fail, saying why.
    """
    finders = any(os.environ.get(name) for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"))
    if wishes.offline and not wishes.wheels and not finders:
        raise Stopped(2, "--offline needs a folder of wheels.", "add --wheels DIR")
    asked = ["--find-links", wishes.wheels] if wishes.wheels else []
    asked += ["--no-index"] if wishes.offline else []
    asked += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    uv = shutil.which("uv")
    if uv:
        there = ["--python", str(python_of(environment))]
        code, told = run_tool([uv, "pip", "install", *there, *asked], offline=wishes.offline)
        if code == 0:
            return
        say(f"uv could not: {last(told)}\ntrying pip")
    # An environment of ours has no pip: the Python it was made from may have one.
    told, pip = "", []
    for python in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        pip = [python, "-m", "pip"]
        _, told = run_tool([*pip, "--version"])
        match = re.search(r"^pip (\d+(?:\.\d+)*)", told, re.MULTILINE)
        if match is not None and numbers(match.group(1)) >= OLDEST_PIP:
            break
    else:
        raise Stopped(
            1,
            f"There is no uv on the path, and no pip 22.3 or newer: {last(told)}.",
            "apt install python3-pip, or put uv on the path",
        )
    pip += ["--python", str(environment), "install", "--no-compile", "--progress-bar", "off"]
    code, told = run_tool([*pip, *asked], offline=wishes.offline)
    if code != 0:
        raise why_not(told, lock)


def run_tool(command: "list[str]", *, offline: bool = False) -> "tuple[int, str]":
    """Exit code and all the tool said; on a terminal its newest line is seen meanwhile.

    What points pip or uv elsewhere is dropped; mirrors, proxies, certificates pass through.
    """
    import subprocess  # noqa: PLC0415  # only a first start runs tools, and help is quick

    surroundings = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    surroundings["PIP_USER"] = "0"  # beats a configuration file too
    surroundings["PIP_NO_INPUT"] = surroundings["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # Behind a proxy that opens TLS, uv knows its certificate only from the system's store. The
    # setting was renamed; an unknown variable is ignored where an unknown flag would fail.
    surroundings.setdefault("UV_SYSTEM_CERTS", "1")
    surroundings.setdefault("UV_NATIVE_TLS", "1")
    if offline:
        surroundings["PIP_NO_INDEX"] = surroundings["UV_OFFLINE"] = "1"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    shown, told = sys.stderr.isatty() and not plain, []
    with subprocess.Popen(  # noqa: S603  # a list, never a shell
        command,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as tool:
        assert tool.stdout is not None
        try:
            for line in tool.stdout:
                told.append(line)
                if shown:
                    sys.stderr.write(f"\r\033[K{line.strip()[:78]}")
        except BaseException:
            tool.kill()  # a signal may have met us alone: nobody goes on behind us
            raise
    if shown:
        sys.stderr.write("\r\033[K")
    return tool.returncode, "".join(told)


def restart_command(environment: Path, tree: Path, arguments: "list[str]") -> "list[str]":
    """The command that runs the program of `tree` in `environment`.

    Its first word must be the environment's python: with any other text the interpreter does not
    find pyvenv.cfg and silently runs outside of it.
    """
    return [
        str(python_of(environment)),
        "-I",
        "-c",
        RESTART,
        str(tree),
        str(environment),
        *arguments,
    ]


def environment_for(tree: Path, wishes: Wishes, restarted_in: str) -> "Path | None":
    """The environment to start again in, or None when this interpreter will do.

    Errors: Stopped, also when we did start again and are still outside: a sentence, not a loop.
    """
    locks = locks_for(tree, wishes.rest)
    # Without pyproject.toml beside it, an installer put us here and saw to the packages.
    if not (tree / "pyproject.toml").exists() or any(map(fits, locks)):
        return None
    if restarted_in:
        raise Stopped(
            1,
            f"Started again in {restarted_in}, yet this is {sys.prefix}, without what is locked.",
            f"rm -r {restarted_in}, then the same command",
        )
    ready = [lock for lock in locks if is_whole(cache_home() / lock_id(lock), lock)]
    return make_environment(ready[0] if ready else locks[0], wishes)


def main(arguments: "list[str]", restarted_in: str = "") -> None:
    """The command line runs: here, or in an environment that this process turns into.

    Errors: SystemExit with the codes of the command line.
    """
    tree = Path(__file__).resolve().parent.parent
    try:
        check_python(platform.python_version())
        wishes = Wishes(arguments)
        environment = environment_for(tree, wishes, restarted_in)
    except Stopped as stopped:
        say(f"lianqiao: {stopped}")
        sys.exit(stopped.code)
    if environment is not None:
        command = restart_command(environment, tree, wishes.rest)
        os.execv(command[0], command)  # noqa: S606  # no shell is wanted
    sys.argv[1:] = wishes.rest
    importlib.import_module("bridge.cli").main()


if __name__ == "__main__":
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        main(sys.argv[1:], str(globals().get("RESTARTED_IN", "")))
    except KeyboardInterrupt:
        sys.exit(130)
