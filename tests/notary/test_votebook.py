"""The vote book: no burn beside an unmint, no mint after a return, whatever crashed between."""

import asyncio
import os
from itertools import permutations
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.effects import Verb
from bridge.core.ids import Instant, SettlementId, new_ulid
from bridge.notary.votebook import (
    FileVoteBook,
    VoteBookHeld,
    admits,
)

ONE, TWO = (SettlementId(new_ulid(Instant(1), bytes([n]) * 10)) for n in (1, 2))
VOTED = [verb for verb in Verb if verb is not Verb.HOLD]


def voted(book: FileVoteBook, settlement: SettlementId, verb: Verb) -> bool:
    """Cast a vote and wait until it is one."""

    async def cast() -> bool:
        return await book.vote(settlement, verb)

    return asyncio.run(cast())


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
                said.append(voted(book, ONE, verb))
                assert voted(book, ONE, verb) is said[-1]
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
        assert voted(book, settlement, verb) is (verb in before or admits(before, verb))
    kept = {of: book.votes(of) for of in (ONE, TWO)}
    book.close()
    again = FileVoteBook(file)
    assert {of: again.votes(of) for of in (ONE, TWO)} == kept
    again.close()


def test_a_line_torn_anywhere_was_no_vote_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.MINT)
    whole = len(file.read_bytes())
    assert voted(book, ONE, Verb.BURN)
    book.close()
    data = file.read_bytes()
    for cut in range(whole, len(data)):
        file.write_bytes(data[:cut])
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.MINT}
        assert voted(book, ONE, Verb.UNMINT)
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
    assert voted(book, ONE, Verb.MINT)
    assert synced == [(tmp_path / "votes").read_bytes()]
    assert b"mint" in synced[0].lower()

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="gone"):
        voted(book, ONE, Verb.BURN)
    monkeypatch.setattr(os, "fdatasync", real)
    for verb in (Verb.BURN, Verb.UNMINT):  # a second sync would prove nothing
        with pytest.raises(OSError, match="has failed"):
            voted(book, ONE, verb)
    assert book.votes(ONE) == {Verb.MINT}
    book.close()


def test_half_a_line_on_a_full_disk_is_no_vote_and_spoils_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.MINT)
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: real(handle, data[:9]))
        with pytest.raises(OSError, match="half"):
            voted(book, ONE, Verb.BURN)
    with pytest.raises(OSError, match="has failed"):
        voted(book, TWO, Verb.MINT)
    book.close()
    book = FileVoteBook(file)
    assert book.votes(ONE) == {Verb.MINT}
    assert voted(book, ONE, Verb.UNMINT)
    book.close()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    FileVoteBook(tmp_path / "votes").close()
    assert (tmp_path / "votes").stat().st_mode & 0o777 == 0o600


async def test_votes_cast_together_share_one_sync_and_none_counts_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    going, begun, synced = Event(), Event(), list[int]()
    real = os.fdatasync

    def slow(handle: int) -> None:
        begun.set()
        assert going.wait(10)
        real(handle)
        synced.append((tmp_path / "votes").read_bytes().count(b"\n"))

    monkeypatch.setattr(os, "fdatasync", slow)
    many = [SettlementId(new_ulid(Instant(2), bytes([n]) * 10)) for n in range(50)]
    votes = [book.vote(of, Verb.MINT) for of in many]
    assert await asyncio.to_thread(begun.wait, 10)  # they are on their way to the disk
    late = [book.vote(ONE, Verb.MINT), book.vote(many[0], Verb.MINT)]
    await asyncio.sleep(0.05)
    assert not any(vote.done() for vote in (*votes, *late))
    assert book.votes(many[0]) == frozenset()
    going.set()
    assert all([await vote for vote in (*votes, *late)])
    assert synced == [51, 52]  # the format's line is in it before any vote
    book.close()


async def test_a_vote_under_way_forbids_what_it_would_forbid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    burn, undo = book.vote(ONE, Verb.BURN), book.vote(ONE, Verb.UNMINT)
    assert not await undo
    assert await burn

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    lost = [book.vote(TWO, Verb.MINT), book.vote(TWO, Verb.MINT)]
    for vote in lost:
        with pytest.raises(OSError, match="gone"):
            await vote
    with pytest.raises(OSError, match="has failed"):
        await book.vote(ONE, Verb.BURN)
    assert book.votes(TWO) == frozenset()
    book.close()


async def test_who_stops_waiting_takes_no_vote_of_others_along(tmp_path: Path) -> None:
    book = FileVoteBook(tmp_path / "votes")
    gone, there = book.vote(ONE, Verb.MINT), book.vote(ONE, Verb.MINT)
    gone.cancel()
    assert await there
    assert book.votes(ONE) == {Verb.MINT}
    book.close()


def test_votes_a_killed_process_left_unsynced_are_synced_before_anybody_signs_by_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.BURN)
    book.close()
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"settl')
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda handle: synced.append(os.fstat(handle).st_size))
    book = FileVoteBook(file)
    assert book.votes(ONE) == {Verb.BURN}
    assert synced == [len(whole)]
    book.close()


def test_a_second_process_finds_the_book_held(tmp_path: Path) -> None:
    """Each would miss what the other voted, and one settlement burn and unmint."""
    book = FileVoteBook(tmp_path / "votes")
    with pytest.raises(VoteBookHeld, match="another process"):
        FileVoteBook(tmp_path / "votes")
    book.close()
    FileVoteBook(tmp_path / "votes").close()


def test_a_new_book_is_in_its_folder_before_the_first_vote(
    tmp_path: Path, synced: list[str]
) -> None:
    FileVoteBook(tmp_path / "votes").close()
    assert synced == [str(tmp_path)]
