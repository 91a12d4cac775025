"""A wrong setting is told with its key, what it takes in words, and what to type next."""

from pathlib import Path

import pytest

from bridge.cli import run


@pytest.mark.parametrize(
    ("wrong", "key", "says", "takes"),
    [
        ('[api]\nlisten = "8420"', "api.listen", "write tcp:HOST:PORT", "tcp:HOST:PORT or unix:"),
        ('[ledger]\norigin = ""', "ledger.origin", "is of another form", "host/name"),
        ("[ledger]\nseal_every_ms = 1", "ledger.seal_every_ms", "equal to 10", "10 to 60000"),
        ('[ledger]\nqueue_max = "many"', "ledger.queue_max", "valid integer", "100 to 100000"),
    ],
)
@pytest.mark.parametrize("command", ["config check", "up"])
def test_a_wrong_setting_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *,
    command: str, wrong: str, key: str, says: str, takes: str,
) -> None:  # fmt: skip
    (tmp_path / "lianqiao.toml").write_text(f"{wrong}\n")
    assert run([*command.split(), "--folder", str(tmp_path)]) == 2
    error, cause, following = capsys.readouterr().err.splitlines()
    assert f"{key}: " in error
    assert says in error
    assert ("pattern" in error, "Value error" in error) == (False, False)
    assert (cause.startswith(f"cause: {key} is "), takes in cause) == (True, True), cause
    assert f"lianqiao config explain {key} " in following
