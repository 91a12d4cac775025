"""A request that could be cut in two ways is never signed."""

import pytest

from adapters.bsn.pcn_codec import MessageRefused
from adapters.bsn.unambiguous import Fixed, demand_one_reading

FIXED = Fixed("cc_app_00", "bridge1", frozenset({"lock", "read"}))
INVOKE = {
    "userName": "bridge1",
    "nonce": "e" * 32,
    "chainCode": "cc_app_00",
    "funcName": "lock",
    "args": ['{"a":1,"b":"二"}'],
    "transientData": {},
}
CALL = "/api/fabric/v1/node/reqChainCode"
REGISTER = "/api/fabric/v1/user/register"


def test_our_own_call_passes() -> None:
    demand_one_reading(CALL, INVOKE, FIXED)
    demand_one_reading(REGISTER, {"name": "bridge1", "secret": "0" * 32}, FIXED)
    demand_one_reading("/api/fabric/v1/node/getLedgerInfo", None, FIXED)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (CALL, {"userName": "bridge"}),
        (CALL, {"nonce": "e" * 31}),
        (CALL, {"funcName": "lockx"}),
        (CALL, {"args": ["{}", "{}"]}),
        (CALL, {"args": ['{"b":1,"a":2}']}),
        (CALL, {"args": ['{"a":1,"a":1}']}),
        (CALL, {"args": ["[" * 100_000]}),
        (CALL, {"transientData": {"k": "v"}}),
        (CALL, {"stranger": "x"}),
        (REGISTER, {"name": "bridge1", "secret": "123456"}),
        (REGISTER, {"extendProperties": "x"}),
        ("/api/fabric/v1/node/getBlockData", {"blockNumber": True}),
        ("/api/fabric/v1/node/getBlockData", {"txId": "a" * 64}),
    ],
)
def test_a_value_that_moves_a_boundary_is_refused(path: str, change: dict[str, object]) -> None:
    body = {**INVOKE, **change} if path == CALL else change
    with pytest.raises(MessageRefused):
        demand_one_reading(path, body, FIXED)
