"""The text a mac covers, built from the field table alone; what breaks the table is refused."""

from typing import Any

from schemas.bsn.gateway import ENDPOINTS
from schemas.bsn.shapes import BODY, Field, Kind


class Malformed(ValueError):
    """A message that the table does not describe."""


def request(path: str, header: dict[str, Any], body: Any) -> str:
    """The text of a request. Errors: Malformed."""
    codes = [header.get("userCode"), header.get("appCode")]
    if not all(isinstance(code, str) for code in codes):
        raise Malformed("header")
    return "".join(map(str, codes)) + _whole(ENDPOINTS[path].request, body, zeros=False)


def response(path: str, code: int, msg: str, body: Any, *, zeros: bool = False) -> str:
    """The text of an answer; with `zeros`, absent numbers count as 0, as one gateway has it."""
    return f"{code}{msg}" + _whole(ENDPOINTS[path].response, body, zeros=zeros)


def _whole(shape: tuple[Field, ...], body: Any, *, zeros: bool) -> str:
    if body is None:
        return ""
    if [field.name for field in shape] == [BODY]:
        return _one(shape[0], body, zeros=zeros)
    return _members(shape, body, zeros=zeros)


def _members(shape: tuple[Field, ...], value: Any, *, zeros: bool) -> str:
    if not isinstance(value, dict):
        raise Malformed("an object is due")
    return "".join(_one(field, value.get(field.name), zeros=zeros) for field in shape)


def _one(field: Field, value: Any, *, zeros: bool) -> str:
    kind = field.kind
    if value is None:
        if zeros and kind is Kind.INTEGER:
            return "0"
        return "false" if zeros and kind is Kind.BOOLEAN else ""
    if kind is Kind.OBJECT:
        return _members(field.inside, value, zeros=zeros)
    if kind is Kind.LIST and isinstance(value, list):
        return "".join(_members(field.inside, one, zeros=zeros) for one in value)
    if kind is Kind.TEXTS and isinstance(value, list):
        if all(isinstance(one, str) for one in value):
            return "".join(value)
    elif kind is Kind.TEXT_MAP and isinstance(value, dict):
        if all(isinstance(one, str) for one in value.values()):
            return "".join(name + one for name, one in value.items())
    elif kind is Kind.TEXT and isinstance(value, str):
        return value
    elif kind is Kind.BOOLEAN and isinstance(value, bool):
        return str(value).lower()
    elif kind is Kind.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Malformed(f"{field.name}: {kind.value} is due")
