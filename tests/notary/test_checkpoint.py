"""Checkpoints and proof files: other logs' readers take ours, and ours takes nothing doubtful."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bridge.notary.checkpoint import (
    COSIGNER,
    BadNote,
    Checkpoint,
    Cosignature,
    Line,
    Proof,
    VerifierKey,
    log_key,
    read_checkpoint,
    read_key,
    read_proof,
    sign,
    split,
    verify,
    verify_proof,
)
from bridge.notary.entries import leaf_hash
from bridge.notary.keys import Ed25519Key
from bridge.notary.tree import LeafTree, inclusion_path, subtree

ORIGIN = "ledger.bank-a.example/prod"
SEEN = 1_767_225_600
ENTRIES = [b'{"n":"%d"}' % n for n in range(5)]
LOG_KEY = "ledger.bank-a.example/prod+d5d71344+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
WITNESS_KEY = "witness.bank-b.example+a7c450d2+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU"
# Golden: readers of Go's checksum database accept the log's line, the path and the tree.
NOTE = """\
ledger.bank-a.example/prod
5
J1jQatzprOUYj+IscpxP1OdWqIo51jP3u1yrQr5UWZ4=

— ledger.bank-a.example/prod 1dcTRMFmL140f3+pR6r5Q0vrm8gkP2Fn9es/7acuAuVUiwrmTxms6OO2Bl2Bc0MCRHOeO+\
rqn6ACcfdGlFbw8yDtHA4=
— witness.bank-b.example p8RQ0gAAAABpVbkA195guMS6YGKjR7aWCGdKeD1jt8X+jcKUWxRuIXejk/BBY2nhAemvjrlN5k\
yu4wCcaEiF+nQM/wUJ516TB7NYCw==
""".encode()
PROOF = b"""\
c2sp.org/tlog-proof@v1
index 2
n0sNZdUKQ0qwNXBQpDOMr6mWRddmKC5yJ/baYcntlcM=
s8BazFLIzXDvcoQxP2SygYIQRS+IHNcXcV/LqvAPgFU=
Azt6tgvG4q0m37xfCdMvLQH2EgLkal7zYS2CpnePp9Q=

"""


def key(seed: int) -> Ed25519Key:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Ed25519Key(private.public_key().public_bytes_raw().hex(), private.sign)


LOG, WITNESS = log_key(ORIGIN, key(1)), read_key(WITNESS_KEY)
TREE = LeafTree(lambda first, end: [leaf_hash(entry) for entry in ENTRIES[first:end]])
HEAD = Checkpoint(ORIGIN, 5, subtree(0, 5, TREE.hash))


def cosigned(note: bytes, time: int, seed: int = 2) -> bytes:
    text = note.rpartition(b"\n\n")[0] + b"\n"
    signature = key(seed).sign(b"cosignature/v1\ntime %d\n" % time + text)
    line = Line(WITNESS.name, WITNESS.id, time.to_bytes(8, "big") + signature)
    return note + line.text().encode()


def test_keys_note_and_proof_file_are_the_golden_ones() -> None:
    assert LOG.text() == LOG_KEY
    assert read_key(LOG_KEY) == LOG
    assert VerifierKey(WITNESS.name, key(2).public, COSIGNER) == WITNESS
    assert cosigned(sign(HEAD, key(1)), SEEN) == NOTE
    assert Proof(2, inclusion_path(2, 5, TREE.hash), NOTE).file() == PROOF + NOTE


def test_the_golden_note_and_proof_are_accepted() -> None:
    signed = read_checkpoint(NOTE, LOG, (WITNESS,))
    assert signed.checkpoint == HEAD
    assert signed.cosignatures == (Cosignature(WITNESS, SEEN),)
    assert verify_proof(PROOF + NOTE, ENTRIES[2], LOG, (WITNESS,)) == signed
    # who does not know the witness passes over its line
    assert read_checkpoint(NOTE, LOG).cosignatures == ()


def test_every_flipped_bit_of_what_is_signed_is_refused() -> None:
    whole = PROOF + NOTE
    untold = len(PROOF) + NOTE.index("— witness".encode())
    for at in range(untold):
        for bit in (1, 4, 32):
            bad = bytearray(whole)
            bad[at] ^= bit
            with pytest.raises(BadNote):
                verify_proof(bytes(bad), ENTRIES[2], LOG, ())
    with pytest.raises(BadNote, match="path"):
        verify_proof(whole, ENTRIES[3], LOG)


def test_one_bad_line_of_a_known_key_spoils_the_note_and_unknown_lines_do_not() -> None:
    forged = cosigned(sign(HEAD, key(1)), SEEN, seed=3)
    with pytest.raises(BadNote, match=r"witness\.bank-b\.example is bad"):
        read_checkpoint(forged, LOG, (WITNESS,))
    assert read_checkpoint(forged, LOG).checkpoint == HEAD
    with pytest.raises(BadNote, match="no time"):
        read_checkpoint(cosigned(sign(HEAD, key(1)), 0), LOG, (WITNESS,))
    with pytest.raises(BadNote, match="no known key"):
        read_checkpoint(NOTE, VerifierKey(ORIGIN, key(9).public))
    alone = NOTE.replace(NOTE.split(b"\n")[4] + b"\n", b"")
    with pytest.raises(BadNote, match="log did not sign"):
        read_checkpoint(alone, LOG, (WITNESS,))
    pq = Line("pq.example", b"\x06abc", bytes(2_428)).text().encode()  # ML-DSA-44's size
    assert read_checkpoint(NOTE + pq, LOG, (WITNESS,)).checkpoint == HEAD


def test_a_key_counts_once_however_many_lines_it_has() -> None:
    twice = cosigned(NOTE, SEEN + 60)
    assert read_checkpoint(twice, LOG, (WITNESS,)).cosignatures == (
        Cosignature(WITNESS, SEEN + 60),
    )
    with pytest.raises(BadNote, match="two known keys"):
        verify(NOTE, (LOG, WITNESS, WITNESS))


TEXT, LINES = NOTE.decode().split("\n\n")


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (TEXT + "\n", "empty line"),
        (TEXT + "\n\n", "empty line"),
        (TEXT + "\n\n" + LINES[:-1], "empty line"),
        (TEXT + "\r\n\n" + LINES, "control"),
        (TEXT + "\n\n" + LINES.replace("— ", "- "), "a dash"),
        (TEXT + "\n\n" + LINES.replace("— l", "—  l"), "name|base64"),
        (TEXT + "\n\n" + LINES.replace("witness", "wit+ness"), "name"),
        (TEXT + "\n\n" + LINES.replace("witness", "wit\u00a0ness"), "name"),
        (TEXT + "\n\n" + LINES.replace("DtHA4=", "DtHA4"), "base64"),
        (TEXT + "\n\n" + LINES.replace("DtHA4=", "DtHA5="), "second form"),
        (TEXT + "\n\n" + LINES.replace("p8RQ0g", "-8RQ0g"), "base64"),
        (TEXT + "\n\n" + LINES + "— short.example AAAA\n", "shorter"),
        (TEXT + "\n\n" + LINES * 51, "too many"),
        ("x" * (1 << 20) + "\n\n" + LINES, "too large"),
    ],
)
def test_a_note_of_another_form_is_refused_whole(note: str, why: str) -> None:
    with pytest.raises(BadNote, match=why):
        read_checkpoint(note.encode(), LOG, (WITNESS,))
    with pytest.raises(BadNote, match="UTF-8"):
        split(NOTE + b"\xff")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{ORIGIN}\n5\n", "a line each"),
        (f"{ORIGIN}\n05\n{'A' * 43}=\n", "leading zeros"),
        (f"{ORIGIN}\n-5\n{'A' * 43}=\n", "whole number"),
        (f"{ORIGIN}\n٥\n{'A' * 43}=\n", "whole number"),
        (f"{ORIGIN}\n9223372036854775808\n{'A' * 43}=\n", "too large"),
        (f"{ORIGIN}\n5\n{'A' * 42}==\n", "base64|hash"),
        (f"{ORIGIN}\n5\nAAAA\n", "not a hash"),
        (f"\n5\n{'A' * 43}=\n", "a line each"),
        (f"other.example\n5\n{'A' * 43}=\n", "not of"),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_log_is_refused(text: str, why: str) -> None:
    signature = Line(LOG.name, LOG.id, key(1).sign(text.encode())).text()
    with pytest.raises(BadNote, match=why):
        read_checkpoint(f"{text}\n{signature}".encode(), LOG)


def test_extension_lines_of_others_are_read_and_kept() -> None:
    extended = Checkpoint(ORIGIN, 5, HEAD.root, ("one", "two"))
    assert read_checkpoint(sign(extended, key(1)), LOG).checkpoint == extended


@pytest.mark.parametrize(
    "text",
    [
        LOG_KEY.replace("d5d71344", "d5d71345"),
        LOG_KEY.replace("d5d71344", "D5D71344"),
        LOG_KEY.replace("+AYq", "+BYq"),
        LOG_KEY.replace("+AYq", "+BoqI"),
        LOG_KEY.removeprefix(ORIGIN),
        LOG_KEY.replace("bank-a", "bank a"),
        LOG_KEY[:-1],
        ORIGIN,
        "",
    ],
)
def test_a_verifier_key_whose_id_or_form_is_wrong_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        read_key(text)


@pytest.mark.parametrize(
    "head",
    [
        "c2sp.org/tlog-proof@v2\nindex 2\n\n",
        "c2sp.org/tlog-proof@v1\n\n",
        "c2sp.org/tlog-proof@v1\nindex 02\n\n",
        "c2sp.org/tlog-proof@v1\nindex 2\nextra AAAA\n\n",
        "c2sp.org/tlog-proof@v1\nextra AAB=\nindex 2\n\n",
        "c2sp.org/tlog-proof@v1\nindex 2\nAAAA\n\n",
        "c2sp.org/tlog-proof@v1\nindex 2\n" + f"{'A' * 43}=\n" * 64 + "\n",
        "c2sp.org/tlog-proof@v1\nindex 2\n",
        "",
    ],
)
def test_a_proof_file_of_another_form_is_refused(head: str) -> None:
    with pytest.raises(BadNote):
        verify_proof(head.encode() + NOTE.split(b"\n\n")[1], ENTRIES[2], LOG)


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.binary(max_size=40),
)
def test_a_proof_file_says_what_was_put_in(index: int, path: list[bytes], extra: bytes) -> None:
    proof = Proof(index, tuple(path), NOTE, extra)
    assert read_proof(proof.file()) == proof


def test_an_empty_tree_can_be_signed_and_read() -> None:
    empty = Checkpoint(ORIGIN, 0, subtree(0, 0, TREE.hash))
    note = sign(empty, key(1))
    assert b64encode(empty.root) in note
    assert read_checkpoint(note, LOG).checkpoint == empty
