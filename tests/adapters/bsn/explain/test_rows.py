"""Each mistake that `explain bsn` knows is a captured message here, and its diagnosis names it."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gmssl_pyx
import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_hash.auto import keccak

from bridge.cli import run
from tests.adapters.bsn.foreign import ORDERS, Signer, signer

CODES = {"userCode": "USER0001", "appCode": "app0001"}
HEAD = "USER0001app0001"
DONE = {"code": 0, "msg": "success"}
FABRIC, FISCO = "/api/fabric/v1/", "/api/fiscobcos/v1/"
CALL = {
    "userName": "bridge1",
    "nonce": "n" * 32,
    "chainCode": "cc_app_00",
    "funcName": "lock",
    "args": ['{"holder":"示例","url":"a/b","units":1}'],
    "transientData": {},
}
ARGUMENT = '{"holder":"示例","url":"a/b","units":1}'
START = f"{HEAD}bridge1{'n' * 32}cc_app_00lock"
LEDGER = {"preBlockHash": "aa", "blockHash": "bb", "height": 8}
PEM = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
ENROL = {"name": "u", "secret": "0" * 32, "csrPem": PEM}
EVENT = {
    "eventId": "e1",
    "orgCode": "ORG1",
    "appCode": "app0001",
    "attachArgs": "a=1",
    "nonceStr": "n1",
    "eventType": 1,
    "eventData": '{"blockNumber":17}',
}
QUERY = {"constant": True, "queryInfo": "[1]", "txId": "", "status": "0x0", "from": "0x1"}
INFO = {"txHash": "0xab"}
NUMBER = {"blockNumber": 6, "blockHash": "", "txId": "", "dataType": ""}

Row = tuple[str, str, str, dict[str, Any], Any, str, str, str]

# name, path, direction, header, body, the text that was really signed, rule, words of the finding
TEXT_ROWS: list[Row] = [
    ("msg translated", FABRIC + "node/getLedgerInfo", "response",
     {"code": 0, "msg": "Transaction Successful"}, LEDGER, "0处理成功bb8aa", "msg", "处理成功"),
    ("msg newer", FABRIC + "node/getLedgerInfo", "response",
     {"code": 0, "msg": "处理成功"}, LEDGER, "0successbb8aa", "msg", "success"),
    ("json order", FABRIC + "node/getLedgerInfo", "response", DONE, LEDGER, "0successaabb8",
     "order", "preBlockHash before blockHash"),
    ("neighbours", FABRIC + "node/getLedgerInfo", "response", DONE, LEDGER, "0successbbaa8",
     "order", "preBlockHash before height"),
    ("sorted names", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     f"{HEAD}{ARGUMENT}cc_app_00lock{'n' * 32}bridge1", "order", "args before userName"),
    ("header order", FABRIC + "node/getLedgerInfo", "request", CODES, None, "app0001USER0001",
     "order", "header.appCode before header.userCode"),
    ("objects swapped", FABRIC + "node/trans", "response", DONE,
     {"blockInfo": {"txId": "t", "blockHash": "h", "status": 0},
      "ccRes": {"ccCode": 200, "ccData": "{}"}}, "0success200{}th0", "order",
     "ccRes before blockInfo"),
    ("push without appCode", "", "push", CODES, EVENT, HEAD + 'e1ORG1a=1n11{"blockNumber":17}',
     "fields", "lacks appCode"),
    ("a field too few", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     f"{HEAD}bridge1cc_app_00lock{ARGUMENT}", "fields", "lacks nonce"),
    ("header.tId", FABRIC + "node/getLedgerInfo", "request", {**CODES, "tId": "T9"}, None,
     HEAD + "T9", "fields", "has header.tId"),
    ("appName signed", "/api/app/getAppInfo", "response", DONE,
     {"appName": "N", "appType": "fabric", "caType": 1, "algorithmType": 2, "mspId": "m",
      "channelId": "c", "version": "1", "fabricVersion": "2"}, "0successNfabric12mc12",
     "fields", "has appName"),
    ("null as a word", FISCO + "node/trans", "request", CODES,
     {"contractName": "c", "transData": "0x1", "contractAddress": None, "contractAbi": None},
     HEAD + "c0x1nullnull", "fields", "null"),
    ("zeros in a request", FABRIC + "node/getBlockInfo", "request", CODES, {"txId": "t"},
     HEAD + "0t", "zeros", "zero signed for blockNumber"),
    ("last line feed", FABRIC + "user/enroll", "request", CODES, ENROL,
     f"{HEAD}u{'0' * 32}{PEM.rstrip()}", "lines", "csrPem lost its last line feed"),
    ("last line feed lost after signing", FABRIC + "user/enroll", "request", CODES,
     {**ENROL, "csrPem": PEM.rstrip()}, f"{HEAD}u{'0' * 32}{PEM}", "lines",
     "csrPem lost its last line feed"),
    ("CRLF", FABRIC + "user/enroll", "request", CODES, ENROL,
     f"{HEAD}u{'0' * 32}" + PEM.replace("\n", "\r\n"), "lines", "CR LF"),
    ("backslash n", FABRIC + "user/enroll", "request", CODES, ENROL,
     f"{HEAD}u{'0' * 32}" + PEM.replace("\n", "\\n"), "lines", "two characters"),
    ("slashes", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     START + ARGUMENT.replace("/", "\\/"), "json", "argument text of args changed: / as \\/"),
    ("escapes", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     START + ARGUMENT.replace("示例", "\\u793a\\u4f8b"), "json", "\\uXXXX"),
    ("blanks", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     START + '{"holder": "示例", "url": "a/b", "units": 1}', "json", "blanks after"),
    ("blanks left out", FABRIC + "node/reqChainCode", "request", CODES,
     {**CALL, "args": ['{"a": 1}']}, START + '{"a":1}', "json", "blanks inside were left out"),
    ("blanks at the end", FABRIC + "node/reqChainCode", "request", CODES,
     {**CALL, "args": ["{} "]}, START + "{}", "json", "blanks at its ends"),
    ("list as JSON", FABRIC + "node/reqChainCode", "request", CODES,
     {**CALL, "args": ["a", "b"]}, START + '["a","b"]', "json", "args was signed as JSON"),
    ("real number", FABRIC + "node/getBlockInfo", "request", CODES, NUMBER, HEAD + "6.0",
     "number", "blockNumber was signed as 6.0"),
    ("boolean in capitals", FISCO + "node/reqChainCode", "response", DONE, QUERY,
     "0successTrue[1]0x00x1", "number", "constant was signed as True"),
    ("another table", FISCO + "node/getTxInfoByTxHash", "response", DONE,
     {"txHash": "0xab", "data": "0x"}, "0success0xab0x", "table", "/api/cita/"),
    ("separators", FABRIC + "node/reqChainCode", "request", CODES, CALL,
     f"USER0001,app0001,bridge1,{'n' * 32},cc_app_00,lock,{ARGUMENT}", "separators", "','"),
    ("body as JSON", FISCO + "node/getTxInfoByTxHash", "request", CODES, INFO,
     HEAD + '{"txHash":"0xab"}', "separators", "JSON"),
    ("code replaced", FABRIC + "node/getLedgerInfo", "response", DONE, LEDGER, "200successbb8aa",
     "msg", "the mac covers 200"),
    ("header twice", FABRIC + "node/getLedgerInfo", "request", CODES, None, HEAD + HEAD,
     "fields", "header twice"),
    ("map sorted", FABRIC + "node/reqChainCode", "request", CODES,
     {**CALL, "transientData": {"b": "1", "a": "2"}}, START + ARGUMENT + "a2b1", "json",
     "sorted by name"),
    ("two mistakes", FABRIC + "node/getLedgerInfo", "response", DONE, LEDGER, "0处理成功aabb8",
     "msg", "处理成功"),
]  # fmt: skip


def explain(
    folder: Path, captured: Any, keys: list[Signer], *more: str, form: str = "jsonl"
) -> list[str]:
    """The arguments that explain one capture under some keys."""
    file = folder / "captured.json"
    file.write_text(
        captured if isinstance(captured, str) else json.dumps(captured, ensure_ascii=False), "utf-8"
    )
    words = ["explain", "bsn", str(file), *more, "--output", form]
    for number, key in enumerate(keys):
        (folder / f"key{number}.pem").write_text(key.pem)
        words += ["--key", str(folder / f"key{number}.pem")]
    return words


def told(words: list[str], capsys: pytest.CaptureFixture[str], exits: int) -> Any:
    """What the program says, which exits as it should."""
    assert run(words) == exits
    return json.loads(capsys.readouterr().out)


def place(path: str, direction: str) -> list[str]:
    return ["--direction", direction, *(("--path", path) if path else ())]


@pytest.mark.parametrize("kind", ["r1", "k1", "sm2"])
@pytest.mark.parametrize("row", TEXT_ROWS, ids=lambda row: str(row[0]))
def test_a_mistaken_text_is_found(
    row: Row, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, path, direction, header, body, signed, rule, words = row
    captured = {"header": header, "mac": signer(kind).mac(signed), "body": body}
    answer = told(explain(tmp_path, captured, [signer(kind)], *place(path, direction)), capsys, 1)
    assert (answer["schema"], answer["verdict"]) == ("lianqiao.mac/1", "not verified")
    assert any(one["rule"] == rule and words in one["title"] for one in answer["findings"]), answer
    good = {"header": header, "mac": signer(kind).mac(answer["text"]), "body": body}
    if "*" not in answer["text"]:
        again = explain(tmp_path, good, [signer(kind)], *place(path, direction))
        assert told(again, capsys, 0)["verdict"] == "verified"


def sm3(data: bytes) -> bytes:
    return bytes(gmssl_pyx.sm3_hash(data))


TEXT = (HEAD + "6").encode()
Made = Callable[[Signer], bytes]
DIGESTS: list[tuple[str, str, Made, str]] = [
    ("hashed once", "sm2", lambda s: s.za_digest(TEXT), "hashed once"),
    ("no ZA", "sm2", lambda _: sm3(TEXT), "without ZA"),
    ("no ZA, twice", "sm2", lambda _: sm3(sm3(TEXT)), "without ZA"),
    ("empty id", "sm2", lambda s: s.za_digest(sm3(TEXT), b""), "empty id"),
    ("empty id, hashed once", "sm2", lambda s: s.za_digest(TEXT, b""), "empty id"),
    ("userCode as id", "sm2", lambda s: s.za_digest(sm3(TEXT), b"USER0001"), "userCode"),
    ("hex of the digest", "sm2", lambda s: s.za_digest(sm3(TEXT).hex().encode()), "hex of SM3"),
    ("SHA-256 first", "sm2", lambda s: s.za_digest(hashlib.sha256(TEXT).digest()), "SHA-256"),
    ("twice", "r1", lambda _: hashlib.sha256(hashlib.sha256(TEXT).digest()).digest(), "twice"),
    ("SM3", "k1", lambda _: sm3(TEXT), "SM3 in place of SHA-256"),
    ("Keccak", "k1", lambda _: bytes(keccak(TEXT)), "Keccak-256"),
    ("SHA-1", "r1", lambda _: hashlib.sha1(TEXT).digest().rjust(32, b"\0"), "sha1"),
    ("SHA-512", "r1", lambda _: hashlib.sha512(TEXT).digest()[:32], "sha512"),
]


@pytest.mark.parametrize("row", DIGESTS, ids=[d[0] for d in DIGESTS])
def test_a_mistaken_digest_is_found(
    row: tuple[str, str, Made, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, kind, made, words = row
    key = signer(kind)
    captured = {"header": CODES, "mac": key.mac_over(made(key)), "body": NUMBER}
    place_ = place(FABRIC + "node/getBlockInfo", "request")
    answer = told(explain(tmp_path, captured, [key], *place_), capsys, 1)
    assert any(f["rule"] == "hash" and words in f["title"] for f in answer["findings"]), answer


def halves(der: bytes) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))


def integer(number: int) -> bytes:
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes((2, len(body))) + body


def high(kind: str, der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    body = integer(r) + integer(ORDERS[kind] - s)
    return bytes((48, len(body))) + body


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


FORMS: list[tuple[str, str, Callable[[bytes], str], str]] = [
    ("high s r1", "r1", lambda d: b64(high("r1", d)), "upper half"),
    ("high s k1", "k1", lambda d: b64(high("k1", d)), "upper half"),
    ("long DER", "r1", lambda d: b64(b"\x30\x81" + d[1:]), "long DER"),
    ("tail", "k1", lambda d: b64(d + b"\0"), "follows after the DER"),
    ("needless zero", "r1", lambda d: b64(zeroed(d)), "needless leading zero"),
    ("side by side", "sm2", lambda d: b64(halves(d)), "side by side"),
    ("side by side r1", "r1", lambda d: b64(halves(d)), "side by side"),
    ("recovery byte", "k1", lambda d: b64(halves(d) + b"\1"), "recovery byte"),
    ("URL-safe", "r1", lambda d: base64.urlsafe_b64encode(b"0" + d[1:]).decode(), "URL-safe"),
    ("wrapped", "k1", lambda d: b64(d)[:64] + "\n" + b64(d)[64:], "wrapped"),
    ("ends in a line feed", "k1", lambda d: b64(d) + "\n", "line break"),
    ("no padding", "r1", lambda d: b64(d).rstrip("="), "padding"),
    ("hexadecimal", "sm2", lambda d: d.hex(), "hexadecimal"),
    ("hex of both", "sm2", lambda d: halves(d).hex(), "hexadecimal"),
    ("plus lost", "k1", lambda d: b64(d).replace("+", " "), "became a blank"),
    ("twice encoded", "k1", lambda d: b64(b64(d).encode()), "base64 of base64"),
]


def zeroed(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    first = r.to_bytes(34, "big")
    body = bytes((2, len(first))) + first + integer(s)
    return bytes((48, len(body))) + body


@pytest.mark.parametrize("row", FORMS, ids=[f[0] for f in FORMS])
def test_a_mistaken_form_is_found(
    row: tuple[str, str, Callable[[bytes], str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, kind, formed, words = row
    key, body, mac = signer(kind), dict(NUMBER), ""
    for number in range(400):  # some forms show only in some signatures
        body["blockNumber"] = number
        der = key.der(f"{HEAD}{number}")
        mac = formed(der)
        if mac != b64(der):
            break
    captured = {"header": CODES, "mac": mac, "body": body}
    place_ = place(FABRIC + "node/getBlockInfo", "request")
    answer = told(explain(tmp_path, captured, [key], *place_), capsys, 1)
    assert any(f["rule"] == "form" and words in f["title"] for f in answer["findings"]), answer
    assert len(answer["findings"]) <= 2, answer


@pytest.mark.parametrize("kind", ["r1", "k1", "sm2"])
@pytest.mark.parametrize("other", ["r1", "k1", "sm2"])
def test_another_key_is_named(
    kind: str, other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [signer(kind), signer(other, "gateway")]
    text = f"0处理成功{'aa'}bb8"
    for signed, count in (("0successbb8aa", 1), (text, 3)):
        captured = {"header": DONE, "mac": keys[1].mac(signed), "body": LEDGER}
        place_ = place(FABRIC + "node/getLedgerInfo", "response")
        if count == 1:
            answer = told(explain(tmp_path, captured, keys, *place_), capsys, 1)
            assert "signed with key" in answer["said"]
            assert "key1.pem" in answer["said"]
        answer = told(explain(tmp_path, captured, keys[:1], *place_), capsys, 1)
        assert answer["findings"][0]["rule"] == "unexplained"


def test_zeros_are_admitted_in_what_the_gateway_sends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, path = signer("k1"), FISCO + "node/reqChainCode"
    for text in ("0successtrue[1]0x00x1", "0successtrue[1]000x00x1"):
        captured = {"header": DONE, "mac": key.mac(text), "body": QUERY}
        answer = told(explain(tmp_path, captured, [key], *place(path, "response")), capsys, 0)
        assert bool(answer["notes"]) is ("000x0" in text)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (
            FISCO + "event/register",
            {"eventType": "1", "contractName": "c"},
            "eventType: an integer",
        ),
        (FISCO + "node/getBlockInfo", {"blockNumber": 5, "blockHash": ""}, "blockNumber: a text"),
        (FABRIC + "node/reqChainCode", {**CALL, "args": "a"}, "args: a list of texts"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_though_the_text_is_the_same(
    path: str, body: Any, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signer("r1")
    first = {"header": CODES, "mac": "", "body": body}
    text = told(explain(tmp_path, first, [key], *place(path, "request")), capsys, 1)["text"]
    captured = {**first, "mac": key.mac(text)}
    answer = told(explain(tmp_path, captured, [key], *place(path, "request")), capsys, 1)
    assert any(f["rule"] == "type" and words in f["title"] for f in answer["findings"])
