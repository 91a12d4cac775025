"""A log is for people; what becomes of it is no concern of who writes to it."""

import io
import json
from collections.abc import Iterator
from errno import ENOSPC

import pytest
import structlog
from typing_extensions import override

from bridge.log import set_up


class Full(io.StringIO):
    """A disk with no room while `full`."""

    full = True

    @override
    def flush(self) -> None:
        if self.full:
            raise OSError(ENOSPC, "No space left on device")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_full_disk_costs_lines_and_not_the_daemon() -> None:
    disk = Full()
    set_up(disk)
    log = structlog.stdlib.get_logger("full")
    log.info("daemon.started")
    log.error("ledger.read_only", why="no room")
    disk.full = False
    log.info("daemon.ready", size=7)
    last = json.loads(disk.getvalue().splitlines()[-1])
    assert (last["event"], last["size"], last["level"]) == ("daemon.ready", 7, "info")


def test_a_reader_who_went_away_ends_nothing() -> None:
    stream = io.StringIO()
    set_up(stream)
    log = structlog.stdlib.get_logger("gone")
    stream.close()
    log.warning("network.unavailable", why="gone")
