"""The options and fixtures every test may use."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--data DIR` names the folder of outside data: official schemas, samples, public vectors."""
    parser.addoption("--data", metavar="DIR", default=None, help="folder of outside data")


@pytest.fixture(scope="session")
def data_dir(request: pytest.FixtureRequest) -> Path:
    """The folder of outside data, or a skip that says it was not given."""
    given = request.config.getoption("--data")
    if given is None:
        pytest.skip("needs --data DIR, the folder of outside data")
    folder = Path(str(given)).resolve()
    assert folder.is_dir(), f"--data {given}: no such folder"
    return folder
