"""`explain bsn` at every end point, on published messages, and on whatever else it may be given."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.bsn.explain.captured import Unreadable, read_captured
from adapters.bsn.explain.diagnose import diagnose
from adapters.bsn.explain.message import tables_for
from bridge.cli import run
from schemas.bsn.gateway import ENDPOINTS
from tests.adapters.bsn.explain.test_rows import CODES, DONE, HEAD, explain, place, told
from tests.adapters.bsn.foreign import pem, signer

Capture = pytest.CaptureFixture[str]


def filled(shape: list[Any], count: list[int]) -> tuple[Any, str]:
    """A body for a published shape, every value another, and the text the shape gives it."""
    body: dict[str, Any] = {}
    text = ""
    for name, kind in shape:
        count[0] += 1
        number = count[0]
        if kind == "string":
            body[name], added = f"v{number}", f"v{number}"
        elif kind == "integer":
            body[name], added = number, str(number)
        elif kind == "boolean":
            body[name], added = number % 2 == 0, "true" if number % 2 == 0 else "false"
        elif kind == "strings":
            body[name], added = [f"a{number}", "b"], f"a{number}b"
        elif kind == "string map":
            body[name], added = {f"k{number}": "w"}, f"k{number}w"
        elif "object" in kind:
            body[name], added = filled(kind["object"], count)
        else:
            pair = [filled(kind["list_of"], count) for _ in range(2)]
            body[name], added = [item for item, _ in pair], "".join(more for _, more in pair)
        text += added
    return body.get("(body)", body), text


@pytest.mark.parametrize("kind", ["r1", "k1", "sm2"])
def test_every_published_end_point_verifies_both_ways(
    kind: str, data_dir: Path, tmp_path: Path, capsys: Capture
) -> None:
    table = json.loads((data_dir / "bsn" / "gateway-field-orders.json").read_text("utf-8"))
    seen = 0
    for path, point in table["endpoints"].items():
        for direction, header, head in (
            ("request", CODES, HEAD),
            ("response", {"code": -1, "msg": "背书"}, "-1背书"),
        ):
            body, text = filled(point[direction], [0])
            good = {"header": header, "body": body, "mac": signer(kind).mac(head + text)}
            words = explain(tmp_path, good, [signer(kind)], *place(path, direction))
            answer = told([*words, "--show-secrets"], capsys, 0)
            assert (answer["text"], answer["path"]) == (head + text, path)
            swapped = "app0001USER0001" if direction == "request" else "背书-1"
            bad = {**good, "mac": signer(kind).mac(swapped + text)}
            assert run(explain(tmp_path, bad, [signer(kind)], *place(path, direction))) == 1
            capsys.readouterr()
            seen += 1
    assert seen == 2 * len(ENDPOINTS) > 80
    for chain, push in table["push"].items():
        body, text = filled(push["fields"], [0])
        captured = {"header": CODES, "body": body, "mac": signer(kind).mac(HEAD + text)}
        answer = told(explain(tmp_path, captured, [signer(kind)]), capsys, 0)
        assert (answer["direction"], answer["path"]) == ("push", chain)


def test_every_published_message_is_judged_as_its_case_says(
    data_dir: Path, tmp_path: Path, capsys: Capture
) -> None:
    keys = json.loads((data_dir / "bsn" / "gateway-keys.json").read_text("utf-8"))["keys"]
    said = {}
    for name in ("gateway-mac-vectors.json", "gateway-mac-derived.json"):
        for case in json.loads((data_dir / "bsn" / name).read_text("utf-8"))["vectors"]:
            entry = keys[case["key"]]
            key = tmp_path / "key.pem"
            key.write_text(entry.get("certificate_pem", entry["public_key_pem"]))
            captured = {part: case[part] for part in ("header", "mac", "body")}
            where = [] if case["kind"] == "push" else ["--path", case["path"]]
            words = explain(tmp_path, captured, [], *where, "--direction", case["kind"])
            refused = case["case"] in ("refuse", "refuse by policy")
            answer = told([*words, "--key", str(key)], capsys, int(refused))
            said[case["id"]] = answer["said"]
            assert not refused or answer["findings"][0]["rule"] != "unexplained", answer
    for vector, phrase in {
        "fabric-register-resp-neg-translated-msg": "处理成功",
        "fabric-getLedgerInfo-resp-neg-high-s": "upper half",
        "bad-single-hash-sm2": "hashed once",
        "bad-empty-id-sm2": "empty id",
        "bad-trailing-byte-k1": "after the DER",
        "bad-base64-newline-k1": "line breaks",
        "bad-empty-mac-k1": "empty",
    }.items():
        assert phrase in said[vector]


GOOD = '{"header":{"userCode":"u","appCode":"a"},"mac":"x","body":null}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"mac":"x","body":null}', "no header"),
        ('{"header":{"code":0,"msg":"m"},"body":null}', "no mac"),
        ('{"header":{"x":1},"mac":"x","body":null}', "neither userCode"),
        (GOOD.replace('"mac":"x"', '"mac":"x","mac":"y"'), "stands twice"),
        (GOOD.replace("null", "[" * 40 + "]" * 40), "deeper"),
        (GOOD.replace("null", "[" * 100_000), "deeper"),
        (GOOD.replace("null", '{"txId":"\\ud800"}'), "surrogate"),
        (GOOD.replace("null", "NaN"), "NaN"),
    ],
)
def test_what_is_no_message_is_unreadable(
    text: str, words: str, tmp_path: Path, capsys: Capture
) -> None:
    answer = told(explain(tmp_path, text, [signer("r1")]), capsys, 2)
    assert answer["verdict"] == "unreadable"
    assert words in answer["said"]


def test_one_unreadable_file_does_not_hide_the_others(tmp_path: Path, capsys: Capture) -> None:
    key = signer("k1")
    body = {"blockNumber": 6, "blockHash": "", "txId": "", "dataType": ""}
    captured = {"header": CODES, "mac": key.mac(HEAD + "6"), "body": body}
    words = explain(tmp_path, captured, [key])
    (tmp_path / "broken.json").write_bytes(b"\xff")
    more = [str(tmp_path / "broken.json"), str(tmp_path / "absent.json")]
    assert run([*words, *more]) == 2
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    verdicts = [answer["verdict"] for answer in answers]
    assert verdicts == ["verified", "unreadable", "unreadable"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--path", "/api/nothing/here"], "no end point"),
        (["--path", "node/reqChainCode"], "did you mean"),
    ],
)
def test_an_unknown_path_is_unreadable(
    words: list[str], said: str, tmp_path: Path, capsys: Capture
) -> None:
    assert said in told(explain(tmp_path, GOOD, [signer("r1")], *words), capsys, 2)["said"]


@pytest.mark.parametrize("path", ["HTTPS://h/api/fabric/v1/node/getTransData?x=1", "getTransdata"])
def test_a_path_is_known_in_any_case_and_from_its_address(
    path: str, tmp_path: Path, capsys: Capture
) -> None:
    captured = {"header": CODES, "mac": signer("r1").mac(HEAD + "t"), "body": {"txId": "t"}}
    address = path.replace("HTTPS", "https")
    answer = told(explain(tmp_path, captured, [signer("r1")], "--path", address), capsys, 0)
    assert answer["path"] == "/api/fabric/v1/node/getTransdata"


def test_keys_that_cannot_be_used_are_usage_errors(tmp_path: Path, capsys: Capture) -> None:
    point = b"\x04" + b"\x01" * 64
    spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point
    private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    for text, said in (
        ("nothing", "no PEM"),
        (private, "none is needed"),
        (pem("PUBLIC KEY", spki), "curve"),
        (pem("PUBLIC KEY", spki.replace(bytes.fromhex("2a8648ce3d030107"), b"\x2a" * 8)), "SM2"),
    ):
        (tmp_path / "bad.pem").write_text(text)
        words = explain(tmp_path, GOOD, [], "--key", str(tmp_path / "bad.pem"))
        assert run(words) == 2
        assert said in capsys.readouterr().err
    assert run(explain(tmp_path, GOOD, [], "--key", str(tmp_path / "absent.pem"))) == 2


def test_a_key_among_the_files_is_a_key(tmp_path: Path, capsys: Capture) -> None:
    captured = {"header": DONE, "mac": signer("r1").mac("0success"), "body": None}
    (tmp_path / "k.pem").write_text(signer("r1").pem)
    words = explain(tmp_path, captured, [])
    assert told([*words[:3], str(tmp_path / "k.pem"), *words[3:]], capsys, 0)["verdict"]


def test_without_a_key_nothing_is_verified(tmp_path: Path, capsys: Capture) -> None:
    captured = {"header": DONE, "mac": signer("r1").mac("0success"), "body": None}
    answer = told(explain(tmp_path, captured, []), capsys, 1)
    assert answer["findings"][0]["title"] == "no key was given to verify with"
    assert answer["text"] == "0success"


def test_app_info_is_asked_without_a_signature(tmp_path: Path, capsys: Capture) -> None:
    captured = {"header": CODES, "mac": "", "body": None}
    where = ["--path", "/api/app/getAppInfo"]
    assert told(explain(tmp_path, captured, [signer("r1")], *where), capsys, 0)["notes"]
    assert run(explain(tmp_path, captured, [signer("r1")])) == 1
    other = ["--path", "/api/fabric/v1/node/getLedgerInfo"]
    assert run(explain(tmp_path, captured, [signer("r1")], *other)) == 1


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_secret_is_shown_only_when_asked(form: str, tmp_path: Path, capsys: Capture) -> None:
    secret = "c0ffee" * 5 + "00"
    body = {"name": "u", "secret": secret, "extendProperties": ""}
    for text in (f"{HEAD}u{secret}", f"{HEAD}{secret}u", f"{HEAD}{secret}"):
        captured = {"header": CODES, "mac": signer("r1").mac(text), "body": body}
        where = place("/api/fabric/v1/user/register", "request")
        words = explain(tmp_path, captured, [signer("r1")], *where, form=form)
        run(words)
        assert secret not in capsys.readouterr().out
        run([*words, "--show-secrets"])
        assert (secret in capsys.readouterr().out) is (form != "csv")


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_terminal_gets_no_control_characters(form: str, tmp_path: Path, capsys: Capture) -> None:
    header = {"code": 0, "msg": "\x1b[2Jred\u009b1A\u202e"}
    captured = {"header": header, "mac": "\x1b", "body": {"\x1b\u009bname": "\x07"}}
    for where in ([], ["--path", "/api/\u009b2J", "--direction", "response"]):
        run([*explain(tmp_path, captured, [signer("r1")], form=form), *where])
        told = capsys.readouterr()
        assert told.out
        assert all(one.isprintable() or one == "\n" for one in told.out + told.err)


NAMES = st.sampled_from(
    ["txId", "height", "args", "transactions", "blockInfo", "ccRes", "data", "logs", "x", "(body)"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(NAMES, inside, max_size=4),
    max_leaves=8,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(sorted(ENDPOINTS)), st.booleans(), st.text(max_size=20))
def test_any_message_has_a_diagnosis(body: Any, path: str, answered: bool, mac: str) -> None:
    from adapters.bsn.explain.command import read_keys

    keys = read_keys("k", signer("sm2").pem)
    header = {"code": 0, "msg": "m"} if answered else {**CODES, "tId": body}
    signed = signer("sm2").mac("something else")
    for given_mac in (mac, signed):
        data = json.dumps({"header": header, "mac": given_mac, "body": body}).encode()
        try:
            captured = read_captured(data)
        except Unreadable:
            return
        found = diagnose(captured, tables_for(captured, path, ""), keys)
        assert found.findings or found.verified


def test_the_largest_block_takes_seconds(tmp_path: Path, capsys: Capture) -> None:
    body = {"blockHash": "b", "blockNumber": 1, "preBlockHash": "p", "blockData": "A" * (8 << 20)}
    captured = {"header": DONE, "mac": signer("r1").mac("other"), "body": body}
    began = time.process_time()
    where = place("/api/fabric/v1/node/getBlockData", "response")
    assert run(explain(tmp_path, captured, [signer("r1")], *where)) == 1
    capsys.readouterr()
    assert time.process_time() - began < 30
