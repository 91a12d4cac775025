"""What we sign splits one way only: a request whose values could be cut otherwise is refused.

The wire marks no end of a field: `user01` with secret `123456` and `user0` with `1123456` have
one mac. So every value we send is fixed in length, fixed by the settings, or empty.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.bsn.pcn_codec import MessageRefused


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the settings fix: the chaincode, the user, and the verbs that may be called."""

    chaincode: str
    user: str
    verbs: frozenset[str]


_FABRIC = "/api/fabric/v1/"
_FORMS = {
    "secret": re.compile(r"[0-9a-f]{32}"),
    "nonce": re.compile(r"[A-Za-z0-9+/]{32}"),
    "txId": re.compile(r"[0-9a-f]{64}"),
    "notifyUrl": re.compile(r"https://\S+"),
    "eventKey": re.compile(r"[a-z]+(?:\.[a-z]+)*"),  # an address behind it begins with https://
    "eventId": re.compile(r"[0-9a-f]{32}"),
    "transData": re.compile(r"[A-Za-z0-9+/]+={0,2}"),
    "csrPem": re.compile(
        r"-----BEGIN CERTIFICATE REQUEST-----\n[^-]+-----END CERTIFICATE REQUEST-----\n"
    ),
}


def demand_one_reading(path: str, body: Mapping[str, object] | None, fixed: Fixed) -> None:
    """Nothing, if the request can be read one way only; called before anything is signed.

    Errors: MessageRefused names the field.
    """
    for name, value in (body or {}).items():
        if not _allowed(path, name, value, fixed):
            raise MessageRefused(f"{name} could be read in more than one way, or is not ours")


def _allowed(path: str, name: str, value: object, fixed: Fixed) -> bool:
    if name in ("extendProperties", "attachArgs", "blockHash", "dataType"):
        return value == ""
    if name == "transientData":
        return value == {}
    if name == "args":
        return isinstance(value, list) and len(value) == 1 and _canonical(value[0])
    if name == "txId" and "/getBlock" in path:
        return value == ""
    if name == "blockNumber" and path.startswith(_FABRIC):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if not isinstance(value, str):
        return False
    if name in ("userName", "name"):
        return value == fixed.user
    if name == "chainCode":
        return value == fixed.chaincode
    if name == "funcName":
        return value in fixed.verbs
    form = _FORMS.get(name)
    return form is not None and form.fullmatch(value) is not None


def _canonical(argument: object) -> bool:
    if not isinstance(argument, str):
        return False
    try:
        value = json.loads(argument)
    except (ValueError, RecursionError):
        return False
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return isinstance(value, dict) and text == argument
