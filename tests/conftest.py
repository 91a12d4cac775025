"""The options and fixtures every test may use, and the rule that some tests may not be silent."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

NEVER_SILENT = ("tests/recovery/", "tests/security/", "tests/notary/", "tests/adapters/evm/")

DEEPEST = 10_240  # Python calls; py-evm asks for 100,000 of everybody, and then C code crashes

# No deadline: CI and developers share their cores. A failure prints how to replay it.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--data DIR` names the folder of outside data: official schemas, samples, public vectors.

    `--minutes` and `--soak-seed` say how long the soak of `--long` is, and whose kills it repeats.
    """
    parser.addoption("--data", metavar="DIR", default=None, help="folder of outside data")
    parser.addoption("--minutes", metavar="N", default=30, help="length of the soak")
    parser.addoption("--soak-seed", metavar="N", default=None, help="kills of an earlier soak")


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest) -> Path:
    """The folder of outside data, or a skip that says it was not given."""
    given = request.config.getoption("--data")
    if given is None:
        pytest.skip("needs --data DIR, the folder of outside data")
    folder = Path(str(given)).resolve()
    assert folder.is_dir(), f"--data {given}: no such folder"
    return folder


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files and folders that are made durable from now on, in their order."""
    found: list[str] = []
    real = os.fsync

    def watch(handle: int) -> None:
        found.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watch)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Who asks for the data folder is marked `data`; who is marked so is skipped without it."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker("data")
        if item.get_closest_marker("data") and config.getoption("--data") is None:
            item.add_marker(pytest.mark.skip(reason="needs --data DIR, the folder of outside data"))


def pytest_runtest_setup() -> None:
    """No test runs deeper than the machine's stack (tests/assumptions/test_evm.py)."""
    sys.setrecursionlimit(min(sys.getrecursionlimit(), DEEPEST))


class Silence:
    """Counts the skips that hide something, and fails the run for them.

    A skip in recovery, security or notary would be a promise nobody checked; a `data` test that
    skips although the folder was given has lost its cases.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.data_given = config.getoption("--data") is not None
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        is_data = "data" in report.keywords
        hides = self.data_given if is_data else report.nodeid.startswith(NEVER_SILENT)
        if hides:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            self.found.append(f"{report.nodeid}: {reason}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.found:
            terminalreporter.section("silent where nobody may be silent: this run failed")
            for line in self.found:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    """The rule stands watch in the process that reports, not in its workers."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Silence(config))
