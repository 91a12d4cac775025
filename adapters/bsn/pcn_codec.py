"""The text that a mac covers follows from header, body and field table, and from nothing else.

Values stand one after another without separators; an absent text, list, map or object adds
nothing. A value of another type than its field is refused, never converted.
"""

from collections.abc import Mapping, Sequence

from schemas.bsn.gateway import ENDPOINTS, PUSHES, EndPoint
from schemas.bsn.shapes import BODY, Field, Kind

MAX_INTEGER = (1 << 63) - 1
_TEXT = Kind.TEXT


class MessageRefused(ValueError):
    """A message that its end point's field table does not describe."""


def request_text(path: str, header: Mapping[str, object], body: object) -> str:
    """The signed text of a request: userCode, appCode, then the body in the table's order.

    Errors: MessageRefused for an unknown path or a value of the wrong type.
    """
    return _codes(header) + _body(_end_point(path).request, body, zeros=False)


def response_text(
    path: str, header: Mapping[str, object], body: object, *, zeros: bool = False
) -> str:
    """The signed text of an answer: code, msg as received, then the body in the table's order.

    `zeros` gives the reading in which absent integers and booleans of a body were signed as 0
    and false; some gateways do so.

    Errors: MessageRefused as for a request.
    """
    code, msg = header.get("code"), header.get("msg")
    text = _scalar(Kind.INTEGER, code, "code") + _scalar(_TEXT, msg, "msg")
    return text + _body(_end_point(path).response, body, zeros=zeros)


def push_text(chain: str, header: Mapping[str, object], body: object) -> str:
    """The signed text of a push, made as that of a request.

    Errors: MessageRefused for a chain that sends none, or a value of the wrong type.
    """
    if chain not in PUSHES:
        raise MessageRefused(f"no push is known of {chain!r}")
    return _codes(header) + _body(PUSHES[chain], body, zeros=False)


def _end_point(path: str) -> EndPoint:
    if path not in ENDPOINTS:
        raise MessageRefused(f"no end point {path!r}")
    return ENDPOINTS[path]


def _codes(header: Mapping[str, object]) -> str:
    user, app = header.get("userCode"), header.get("appCode")
    return _scalar(_TEXT, user, "userCode") + _scalar(_TEXT, app, "appCode")


def _body(shape: tuple[Field, ...], body: object, *, zeros: bool) -> str:
    if body is None:
        return ""
    if len(shape) == 1 and shape[0].name == BODY:
        return _value(shape[0], body, zeros=zeros)
    return _object(shape, body, "body", zeros=zeros)


def _object(shape: tuple[Field, ...], value: object, where: str, *, zeros: bool) -> str:
    if type(value) is not dict and not isinstance(value, Mapping):
        raise MessageRefused(f"{where} is not an object")
    texts = []
    for field in shape:
        found = value.get(field.name)
        if type(found) is not str or field.kind is not _TEXT:
            found = _value(field, found, zeros=zeros)
        texts.append(found)
    return "".join(texts)


def _value(field: Field, value: object, *, zeros: bool) -> str:
    if value is None:
        absent = {Kind.INTEGER: "0", Kind.BOOLEAN: "false"}
        return absent.get(field.kind, "") if zeros else ""
    if field.kind is Kind.OBJECT:
        return _object(field.inside, value, field.name, zeros=zeros)
    if field.kind is Kind.TEXT_MAP:
        if not isinstance(value, Mapping):
            raise MessageRefused(f"{field.name} is not a map")
        pairs = [text for pair in value.items() for text in pair]
        return "".join(_scalar(_TEXT, text, field.name) for text in pairs)
    if field.kind not in (Kind.LIST, Kind.TEXTS):
        return _scalar(field.kind, value, field.name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise MessageRefused(f"{field.name} is not a list")
    if field.kind is Kind.TEXTS:
        return "".join(_scalar(_TEXT, text, field.name) for text in value)
    return "".join(_object(field.inside, item, field.name, zeros=zeros) for item in value)


def _scalar(kind: Kind, value: object, name: str) -> str:
    if kind is Kind.TEXT and isinstance(value, str):
        return value
    if kind is Kind.BOOLEAN and isinstance(value, bool):
        return "true" if value else "false"
    if kind is Kind.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MAX_INTEGER:
            raise MessageRefused(f"{name} is out of range")
        return str(value)
    raise MessageRefused(f"{name} is not of type {kind.value}")
