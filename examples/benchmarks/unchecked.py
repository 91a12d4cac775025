"""A chaincode that reads and writes what it is told and checks nothing: what checking is paid for.

It serves in the escrow's place, behind the same stream, under the same package id.
"""

import json
from collections.abc import Mapping

from adapters.bsn.chaincode import serve
from adapters.bsn.chaincode.call import Call, Event, Outcome, Response


def reads(call: Call) -> tuple[str, ...]:
    """Every key the call names."""
    return tuple(json.loads(call.argument)["reads"])


def invoke(call: Call, state: Mapping[str, bytes]) -> Outcome:
    """Write and tell what the call says."""
    del state
    asked = json.loads(call.argument)
    writes = tuple((key, value.encode()) for key, value in asked["writes"].items())
    name, payload = asked["event"]
    return Outcome(Response(200, payload=b"{}"), writes, Event(name, payload.encode()))


if __name__ == "__main__":
    serve.__dict__.update(reads=reads, invoke=invoke)
    serve.main()
