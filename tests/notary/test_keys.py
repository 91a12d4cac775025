"""Keys: only for their owner, under their passphrase, and a log's mark never goes back."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.notary.keys import (
    Backwards,
    BadKey,
    HighWater,
    load_ed25519,
    load_secp256k1,
    make_ed25519,
    make_secp256k1,
    verify_ed25519,
    write_durably,
)

ROOT, OTHER = b"\x01" * 32, b"\x02" * 32


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_key_comes_back_from_its_file_and_signs(tmp_path: Path, passphrase: bytes | None) -> None:
    file = tmp_path / "log.pem"
    made = make_ed25519(file, passphrase)
    again = load_ed25519(file, passphrase)
    assert again.public == made.public
    assert verify_ed25519(made.public, b"words", again.sign(b"words"))
    assert not verify_ed25519(made.public, b"other words", again.sign(b"words"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secp256k1_key_comes_back_as_its_secret(tmp_path: Path) -> None:
    file = tmp_path / "notary.pem"
    make_secp256k1(file)
    assert len(load_secp256k1(file)) == 32
    assert load_secp256k1(file) == load_secp256k1(file)


def test_a_file_others_can_read_is_refused_and_says_the_cure(tmp_path: Path) -> None:
    file = tmp_path / "log.pem"
    make_ed25519(file)
    for mode in (0o640, 0o604, 0o666):
        file.chmod(mode)
        with pytest.raises(BadKey, match="chmod 600"):
            load_ed25519(file)


def test_wrong_kind_wrong_passphrase_no_file_and_rubbish_are_refused(tmp_path: Path) -> None:
    log, notary, rubbish = (tmp_path / name for name in ("log.pem", "notary.pem", "rubbish.pem"))
    make_ed25519(log, b"right")
    make_secp256k1(notary)
    rubbish.write_bytes(b"no key")
    rubbish.chmod(0o600)
    for passphrase in (None, b"wrong"):
        with pytest.raises(BadKey, match="passphrase"):
            load_ed25519(log, passphrase)
    with pytest.raises(BadKey, match="no Ed25519"):
        load_ed25519(notary)
    with pytest.raises(BadKey, match="no secp256k1"):
        load_secp256k1(log, b"right")
    with pytest.raises(BadKey):
        load_ed25519(rubbish)
    with pytest.raises(BadKey, match="no such"):
        load_ed25519(tmp_path / "missing.pem")


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "log.pem"
    first = make_ed25519(file)
    for make in (make_ed25519, make_secp256k1):
        with pytest.raises(FileExistsError):
            make(file)
    assert load_ed25519(file).public == first.public


@given(st.text(), st.binary(), st.binary())
def test_what_is_no_key_or_no_signature_verifies_nothing(
    public: str, message: bytes, signature: bytes
) -> None:
    assert not verify_ed25519(public, message, signature)


def test_a_mark_admits_the_same_root_again_and_nothing_smaller(tmp_path: Path) -> None:
    mark = HighWater(tmp_path / "mark")
    mark.admit(5, ROOT)
    mark.admit(5, ROOT)
    for size, root in ((5, OTHER), (4, ROOT), (0, OTHER)):
        with pytest.raises(Backwards):
            mark.admit(size, root)
        with pytest.raises(Backwards):
            HighWater(tmp_path / "mark").admit(size, root)
    mark.admit(6, OTHER)
    again = HighWater(tmp_path / "mark")
    assert (again.size, again.root) == (6, OTHER.hex())


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from((ROOT, OTHER))), max_size=12))
def test_whatever_is_asked_no_size_gets_two_roots_and_none_is_smaller(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[int, bytes]]
) -> None:
    file = tmp_path_factory.mktemp("mark") / "mark"
    signed: list[tuple[int, bytes]] = []
    for size, root in asked:
        try:
            HighWater(file).admit(size, root)  # each start reads the file again
        except Backwards:
            continue
        signed.append((size, root))
    sizes = [size for size, _ in signed]
    assert sizes == sorted(sizes)
    assert len({size for size, _ in signed}) == len(set(signed))


def test_the_mark_is_on_the_disk_before_it_is_admitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    mark = HighWater(tmp_path / "mark")
    mark.admit(5, ROOT)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", broken)
        with pytest.raises(OSError, match="gone"):
            mark.admit(6, ROOT)
    assert mark.size == 5
    assert HighWater(tmp_path / "mark").size in {5, 6}, "nobody knows; nothing was signed"


def test_a_mark_that_was_read_is_synced_before_it_is_admitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a sync that failed what is read is in memory only, and a power failure takes it."""
    HighWater(tmp_path / "mark").admit(5, ROOT)
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    again = HighWater(tmp_path / "mark")
    again.admit(5, ROOT)
    assert len(synced) == 1
    again.admit(5, ROOT)
    assert len(synced) == 1


def test_a_mark_that_was_torn_is_the_one_before_it_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "mark"
    mark = HighWater(file)
    for size in (5, 6):
        mark.admit(size, ROOT)
    before = file.read_bytes()
    mark.admit(7, OTHER)
    after = file.read_bytes()
    assert sum(one != two for one, two in zip(before, after, strict=True)) > 1
    for cut in range(len(after) + 1):
        for torn in (after[:cut] + before[cut:], before[:cut] + after[cut:]):
            file.write_bytes(torn)
            found = HighWater(file)
            assert (found.size, found.root) in {(6, ROOT.hex()), (7, OTHER.hex())}
    file.write_bytes(bytes(len(after) - 1) + b"\n")
    with pytest.raises(ValueError, match="no line"):
        HighWater(file)


def test_a_mark_of_the_form_before_is_read_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "mark"
    file.write_text(f"5 {ROOT.hex()}", "ascii")
    mark = HighWater(file)
    assert (mark.size, mark.root) == (5, ROOT.hex())
    with pytest.raises(Backwards):
        mark.admit(5, OTHER)
    for size in (6, 7, 8):
        mark.admit(size, OTHER)
        assert HighWater(file).size == size
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    mark.admit(9, ROOT)
    assert HighWater(file).size == 9


def test_a_file_written_durably_is_old_or_new_never_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mark"
    write_durably(file, b"old")

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="gone"):
            write_durably(file, b"new")
    assert file.read_bytes() == b"old"
    write_durably(file, b"new")
    assert file.read_bytes() == b"new"


def test_a_disk_that_takes_less_than_it_is_given_is_asked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data)[:3]))
    write_durably(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_full_disk_leaves_the_old_file_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_durably(tmp_path / "file", b"old")

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "write", full)
    for new, name in ((False, "file"), (True, "other")):
        with pytest.raises(OSError, match="no space"):
            write_durably(tmp_path / name, b"new", new=new)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"file": b"old"}
