"""How an answer goes out: signed, and bent where a fault waits for it."""

import json
from dataclasses import dataclass
from typing import Any

from adapters.bsn.devnet import texts
from adapters.bsn.devnet.faults import Fault
from adapters.bsn.devnet.macs import Secret

OLD, NEW = "处理成功", "success"


class Lost(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out: a status of HTTP, its bytes, and how late."""

    status: int
    data: bytes
    late_ms: int = 0


def spoken(secret: Secret, path: str, said: tuple[int, str, Any], fault: Fault | None) -> Reply:
    """The answer to a request, signed, or what its fault makes of it.

    Errors: Lost where the caller is to hear nothing.
    """
    code, msg, body = said
    kind, zeros = fault.kind if fault else "", False
    if kind == "lose_answer":
        raise Lost("lost after all was done")
    if kind in ("http_502", "not_json"):
        return Reply(502 if kind == "http_502" else 200, b"<html>Bad Gateway</html>")
    if kind == "failed_though_ordered":
        code, msg, body = -1, "系统繁忙", None
    if kind == "other_msg" and code == 0:
        msg = OLD if msg == NEW else NEW
    if kind in ("absent_zeros", "absent_nothing"):
        body, zeros = _without_zeros(body), kind == "absent_zeros"
    if kind == "other_question" and isinstance(body, dict):
        body = {**body, **_another(body)}
    text = texts.response(path, code, msg, body, zeros=zeros)
    mac = secret.mac(text)
    if kind in ("bad", "empty", "high_s", "single_hashed"):
        mac = secret.wrong_mac(text, kind)
    if kind == "number_as_text":
        body = _numbers_as_text(body)
    if kind == "forged_field" and isinstance(body, dict):
        body = {**body, **_another(body)}
    head = {"code": code, "msg": msg}
    made = json.dumps({"header": head, "mac": mac, "body": body}, ensure_ascii=False)
    if kind == "duplicate_name":
        made = made.replace('"body": {', '"body": {"txId": "00", "txId": "00", ', 1)
    return Reply(200, made.encode(), fault.by if fault and kind == "delay" else 0)


def _without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_zeros(v) for k, v in value.items() if v is False or v != 0}
    return [_without_zeros(one) for one in value] if isinstance(value, list) else value


def _numbers_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_as_text(one) for name, one in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _another(body: dict[str, Any]) -> dict[str, Any]:
    """The members of a body that say which question it answers, changed."""
    changed: dict[str, Any] = {}
    if "blockInfo" in body:
        changed["blockInfo"] = {**body["blockInfo"], "txId": "ab" * 32}
    if "txId" in body:
        changed["txId"] = "ab" * 32
    for number in ("blockNumber", "height"):
        if number in body:
            changed[number] = body[number] + 1
    return changed
