"""The vote book: no burn beside an unmint, no mint after a return, whatever crashed between."""

import os
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.effects import Verb
from bridge.core.ids import Instant, SettlementId, new_ulid
from bridge.notary.votebook import FileVoteBook, admits

ONE, TWO = (SettlementId(new_ulid(Instant(1), bytes([n]) * 10)) for n in (1, 2))
VOTED = [verb for verb in Verb if verb is not Verb.HOLD]


def allowed(cast: tuple[Verb, ...], verb: Verb) -> bool:
    """The rule, as the forbidden pairs (first, then) it is made of."""
    forbidden = {
        (Verb.BURN, Verb.UNMINT),
        (Verb.BURN, Verb.RELEASE),
        (Verb.UNMINT, Verb.BURN),
        (Verb.RELEASE, Verb.BURN),
        (Verb.UNMINT, Verb.MINT),
        (Verb.RELEASE, Verb.MINT),
    }
    return not any((earlier, verb) in forbidden for earlier in cast)


def test_the_rule_in_every_order_of_every_verb(tmp_path: Path) -> None:
    for count, order in enumerate(permutations(VOTED)):
        cast: list[Verb] = []
        for verb in order:
            may = allowed(tuple(cast), verb)
            assert admits(frozenset(cast), verb) is may
            if may:
                cast.append(verb)
        assert not {Verb.BURN, Verb.UNMINT} <= set(cast)
        assert not {Verb.BURN, Verb.RELEASE} <= set(cast)
        if count % 100 == 0:  # the file keeps the same rule, also across a restart
            file = tmp_path / f"{count}.votes"
            said = []
            for verb in order:
                book = FileVoteBook(file)
                said.append(book.vote(ONE, verb))
                assert book.vote(ONE, verb) is said[-1]
                book.close()
            assert [verb for verb, yes in zip(order, said, strict=True) if yes] == cast


@given(st.lists(st.tuples(st.sampled_from((ONE, TWO)), st.sampled_from(VOTED)), max_size=12))
def test_settlements_do_not_mix_and_a_restart_forgets_nothing(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[SettlementId, Verb]]
) -> None:
    file = tmp_path_factory.mktemp("book") / "votes"
    book = FileVoteBook(file)
    for settlement, verb in asked:
        before = book.votes(settlement)
        assert book.vote(settlement, verb) is (verb in before or admits(before, verb))
    kept = {of: book.votes(of) for of in (ONE, TWO)}
    book.close()
    again = FileVoteBook(file)
    assert {of: again.votes(of) for of in (ONE, TWO)} == kept
    again.close()


def test_a_line_torn_anywhere_was_no_vote_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert book.vote(ONE, Verb.MINT)
    whole = len(file.read_bytes())
    assert book.vote(ONE, Verb.BURN)
    book.close()
    data = file.read_bytes()
    for cut in range(whole, len(data)):
        file.write_bytes(data[:cut])
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.MINT}
        assert book.vote(ONE, Verb.UNMINT)
        book.close()
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.MINT, Verb.UNMINT}
        book.close()


def test_a_vote_that_is_not_on_the_disk_is_no_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    synced: list[bytes] = []
    real = os.fdatasync

    def watch(handle: int) -> None:
        synced.append((tmp_path / "votes").read_bytes())
        real(handle)

    monkeypatch.setattr(os, "fdatasync", watch)
    assert book.vote(ONE, Verb.MINT)
    assert synced == [(tmp_path / "votes").read_bytes()]
    assert b"mint" in synced[0].lower()

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="gone"):
        book.vote(ONE, Verb.BURN)
    monkeypatch.setattr(os, "fdatasync", real)
    for verb in (Verb.BURN, Verb.UNMINT):  # a second sync would prove nothing
        with pytest.raises(OSError, match="has failed"):
            book.vote(ONE, verb)
    assert book.votes(ONE) == {Verb.MINT}
    book.close()


def test_half_a_line_on_a_full_disk_is_no_vote_and_spoils_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert book.vote(ONE, Verb.MINT)
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: real(handle, data[:9]))
        with pytest.raises(OSError, match="half"):
            book.vote(ONE, Verb.BURN)
    with pytest.raises(OSError, match="has failed"):
        book.vote(TWO, Verb.MINT)
    book.close()
    book = FileVoteBook(file)
    assert book.votes(ONE) == {Verb.MINT}
    assert book.vote(ONE, Verb.UNMINT)
    book.close()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    FileVoteBook(tmp_path / "votes").close()
    assert (tmp_path / "votes").stat().st_mode & 0o777 == 0o600
