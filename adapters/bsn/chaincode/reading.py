"""What anybody on the channel may ask: records as they are kept, by their keys."""

import re
from functools import partial
from typing import Final

from adapters.bsn.chaincode.call import MALFORMED, Call, Refusal, argument_of, listed
from adapters.bsn.chaincode.plan import Plan, Told
from adapters.bsn.chaincode.records import View

MOST_READ: Final = 16  # keys in one question
_KEY: Final = re.compile(
    "configuration|(?:origin|destination|asset|instrument|account|epoch)/[A-Za-z0-9._/:#-]{1,200}"
)


def read_planned(call: Call) -> Plan:
    """Return the plan of reading the records under some keys, all as of one block."""
    found = listed(argument_of(call, "keys"), "keys", MOST_READ)
    keys = tuple(key for key in found if isinstance(key, str) and _KEY.fullmatch(key))
    if len(keys) != len(found) or len(set(keys)) != len(keys):
        raise Refusal(MALFORMED, "keys: names of records, none twice")
    return Plan(keys, partial(_read, keys))


def _read(keys: tuple[str, ...], view: View) -> Told:
    """Tell each record in the order asked; an empty object stands where there is none."""
    return {"records": [view.raw(key) or {} for key in keys]}, None
