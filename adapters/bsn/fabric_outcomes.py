"""What each refusal of Fabric's gateway service means: one of three outcomes, never a guess.

Source: Hyperledger Fabric 2.5, gateway service; gRPC status codes.
"""

import re
from typing import Final

import grpc
import grpc.aio

from adapters.bsn.fabric_wire import BadMessage, blob, decode, parts, text
from bridge.ports import AdapterError, Refused, Unavailable, Uncertain

_RESPONSE: Final = re.compile(r"chaincode response (\d{3})")
_DETAIL: Final = "type.googleapis.com/gateway.ErrorDetail"


class Misconfigured(Unavailable):
    """Raised where a peer will never serve us as we are set: a key, a channel, a chaincode."""


class Later(Unavailable):
    """Raised where the chaincode answers that it may be asked again."""


class Lagging(Later):
    """Raised where the organisations' peers do not say the same: one has a block to come."""


class Bent(Uncertain):
    """Raised where a peer's answer is no answer to our question: nothing of it is used."""


def _details(error: grpc.aio.AioRpcError) -> tuple[str, ...]:
    """Return what each endorser or orderer said, from the details of a status."""
    raw = next(
        (
            value
            for key, value in error.trailing_metadata() or ()
            if key == "grpc-status-details-bin"
        ),
        b"",
    )
    try:
        status = decode("google.rpc.Status", bytes(raw))
        return tuple(
            text(decode("gateway.ErrorDetail", blob(one, "value")), "message")
            for one in parts(status, "details")
            if text(one, "type_url") == _DETAIL
        )
    except (BadMessage, TypeError):
        return ()


def unendorsed(error: grpc.aio.AioRpcError) -> AdapterError:
    """Return what it means that an endorsement or a question came to nothing.

    For good only where every endorser that answered refused for good: one whose clock or state
    lags says otherwise, and may say yes tomorrow.
    """
    told = (error.details() or "", *_details(error))
    whole = "; ".join(told)[:300]
    if any("duplicate transaction" in one for one in told):
        return Uncertain("an endorser has this transaction in a block already")
    if error.code() in {grpc.StatusCode.ABORTED, grpc.StatusCode.UNKNOWN}:
        answers = [found[1] for found in map(_RESPONSE.search, told) if found]
        if answers and all(one.startswith("4") for one in answers):
            return Refused(next(one for one in told if _RESPONSE.search(one))[:300])
        if answers:
            return Later(whole)
    if "ProposalResponsePayloads do not match" in whole:
        return Lagging(whole)
    if error.code() is grpc.StatusCode.FAILED_PRECONDITION or "access denied" in whole:
        return Misconfigured(whole)  # with one organisation the code says it, with two a detail
    return Unavailable(f"{error.code().name}: {whole}")


def unsubmitted(error: grpc.aio.AioRpcError) -> AdapterError:
    """Return what it means that a submission came to nothing: it may be ordered all the same."""
    said = " ".join((error.details() or "", *_details(error)))
    if error.code() is grpc.StatusCode.ABORTED and "FORBIDDEN" in said:
        return Refused(f"the orderer forbids it: {said[:200]}")
    return Uncertain(f"{error.code().name}: {said[:200]}")


def plain(error: grpc.aio.AioRpcError) -> AdapterError:
    """Return what any other call's failure means: nothing was ordered by it."""
    kind = Misconfigured if error.code() is grpc.StatusCode.FAILED_PRECONDITION else Unavailable
    return kind(f"{error.code().name}: {(error.details() or '')[:300]}")
