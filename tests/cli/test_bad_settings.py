"""A wrong setting is told with its key, what it takes in words, and what to type next."""

import tomllib
from pathlib import Path

import pytest

from bridge.cli import run
from bridge.notary.keys import load_ed25519, make_ed25519


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


@pytest.mark.parametrize("command", ["config check", "config show", "up"])
def test_where_no_settings_are_nobody_is_sent_to_mend_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run([*command.split(), "--folder", str(tmp_path)]) == 2
    error, cause, following = capsys.readouterr().err.splitlines()
    assert error == f"error LQ-SETTINGS: {tmp_path / 'lianqiao.toml'}: no such file"
    assert cause == "cause: this is not the folder of an installation"
    assert following.startswith("next: the same with --folder DIR, or LIANQIAO_HOME=DIR; ")
    assert run(["doctor", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == following


@pytest.mark.parametrize("command", ["config check", "up"])
def test_what_an_adapter_lacks_is_told_in_one_line_without_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(["init", str(tmp_path / "here")]) == 0
    capsys.readouterr()
    with (tmp_path / "here" / "lianqiao.toml").open("a") as file:
        file.write('\n[network.x]\nadapter = "evm"\nquorum = "a secret"\nescro = 1\n')
    assert run([*command.split(), "--folder", str(tmp_path / "here")]) == 2
    error, cause, following = capsys.readouterr().err.splitlines()
    assert error.startswith("error LQ-SETTINGS: network.x: ")
    assert "network, genesis_hash, escrow, " in error
    assert " are required" in error
    assert "quorum: Input should be a valid integer" in error
    assert "escro: unknown key; did you mean escrow?" in error
    assert not any(one in error for one in ("a secret", "pydantic", "input_value"))
    assert cause == "cause: the keys of [network.x] are those of its adapter evm"
    assert "README" in following


def test_a_ledger_that_no_daemon_opens_does_not_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "lianqiao.toml").write_text('[ledger]\nstore = "postgres://x/y"\n')
    assert run(["config", "check", "--folder", str(tmp_path)]) == 2
    error, cause, _ = capsys.readouterr().err.splitlines()
    assert "ledger.store: write sqlite:FILE, or memory: for a test" in error
    assert cause.startswith("cause: ledger.store is sqlite:FILE")


def test_settings_in_force_are_shown_as_they_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is shown can be pasted: texts in quotes, true and false, tables by their names."""
    assert run(["init", str(tmp_path / "here")]) == 0
    with (tmp_path / "here" / "lianqiao.toml").open("a") as file:
        file.write(
            '\n[network.x]\nadapter = "evm"\nendpoints = [{ url = "http://a\\"b", own = true }]\n'
        )
    capsys.readouterr()
    assert run(["config", "show", "--folder", str(tmp_path / "here")]) == 0
    told = capsys.readouterr().out.splitlines()
    assert 'profile = "pilot"' in told
    assert "ledger.seal_every_ms = 100" in told
    assert "# api.tls_key = off" in told
    assert 'network.x.endpoints = [{ url = "http://a\\"b", own = true }]' in told
    assert not any(line.startswith(("rail", "lane")) for line in told), "there is none"
    written = tomllib.loads("\n".join(told))
    assert written["api"]["listen"] == "tcp:localhost:8420"


@pytest.mark.parametrize("form", ["table", "json"])
def test_what_an_operator_wrote_into_the_settings_by_mistake_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """A secret is a file, and its path is shown; one that is written down is not repeated."""
    assert run(["init", str(tmp_path / "here")]) == 0
    with (tmp_path / "here" / "lianqiao.toml").open("a") as file:
        file.write(
            '\n[network.secrets]\nadapter = "evm"\npassword = "hunter1"\n'
            'endpoints = [{ url = "https://li:hunter2@h/rpc", secret = "hunter3" }]\n'
            'signer = { passphrase = "hunter4", password_file = "keys/p" }\n'
        )
    capsys.readouterr()
    assert run(["config", "show", "--folder", str(tmp_path / "here"), "-o", form]) == 0
    told = capsys.readouterr().out
    assert "hunter" not in told
    assert told.count("***") == 4
    for shown in ("keys/p", "https://***@h/rpc", "evm"):
        assert shown in told


def test_who_lost_the_logs_key_is_not_sent_in_a_circle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The doctor sees files and modes, so what to do stands before it is named."""
    assert run(["init", str(tmp_path / "here")]) == 0
    key = tmp_path / "here" / "keys" / "log.pem"
    was = load_ed25519(key).public
    key.unlink()
    make_ed25519(key)
    capsys.readouterr()
    assert run(["up", "--folder", str(tmp_path / "here")]) == 2
    error, cause, following = capsys.readouterr().err.splitlines()[-3:]
    assert error.startswith("error LQ-KEY: keys/log.pem: ")
    assert was in error
    assert "another than the ledger names" in cause
    assert following.startswith("next: bring it back from where you keep it")
