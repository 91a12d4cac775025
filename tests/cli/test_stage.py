"""A daemon of the demo that does not come up says why, in a sentence and not in a traceback."""

from pathlib import Path

import pytest

from bridge.cli.manners import Stopped
from bridge.cli.stage import Daemon


async def test_a_daemon_that_does_not_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    """The folder may be gone when somebody reads it, so its log is no place to look."""
    config = tmp_path / "lianqiao.toml"
    config.write_text("unknown = 1\n")
    with pytest.raises(Stopped) as stopped:
        await Daemon(config).start()
    assert "unknown" in stopped.value.cause
    assert stopped.value.following
