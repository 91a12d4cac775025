"""The file of tokens, changed by two at once: no change is lost, and both know one secret."""

from pathlib import Path
from threading import Thread

import pytest

from bridge.api import tokens as kept
from bridge.api.tokens import Tokens
from bridge.core.ids import Instant
from bridge.notary.keys import write_durably
from tests.notary.ledgers import LI, WANG


@pytest.mark.parametrize("begins", ["without a file", "with one", "by revoking"])
def test_two_who_change_the_file_at_once_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    file, made = tmp_path / "tokens.json", list[str]()
    old = Tokens(file).create(LI) if begins != "without a file" else ""
    first, second = Tokens(file), Tokens(file)
    other = Thread(target=lambda: made.append(second.create(WANG)))
    real = write_durably

    def slow(path: Path, data: bytes) -> None:
        if not other.ident:  # the other begins when the first has read and not yet written
            other.start()
            other.join(0.3)
        real(path, data)

    monkeypatch.setattr(kept, "write_durably", slow)
    if begins == "by revoking":
        first.revoke(first.listed()[0].id)
    else:
        made.append(first.create(LI))
    other.join()
    now, third = Instant(1), Tokens(file)
    assert all(third.find(text, now) for text in made)
    assert (third.find(old, now) is None) is (begins != "with one")
    assert first.listed() == second.listed() == third.listed()
    assert first.secret == second.secret == third.secret
