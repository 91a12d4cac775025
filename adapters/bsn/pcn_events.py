"""Registrations of the gateway's pushes: made, listed, taken back. A push is only a hint to poll.

What is pushed proves nothing here; facts come from blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.bsn.pcn_answers import Answer, Untrusted, object_of, text_of
from adapters.bsn.pcn_client import FABRIC, PcnClient
from bridge.ports import Refused

REGISTER = f"{FABRIC}chainCode/event/register"
REGISTER_BLOCKS = f"{FABRIC}chainCode/event/blockRegister"
QUERY = f"{FABRIC}chainCode/event/query"
REMOVE = f"{FABRIC}chainCode/event/remove"


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration, as the gateway lists it; the key is empty for blocks."""

    id: str
    key: str
    url: str


async def register(client: PcnClient, chaincode: str, key: str, url: str) -> str:
    """Ask for a push at each event of a name and return the registration's id.

    Errors: Unavailable, Refused; MessageRefused for an address that is not https.
    """
    body = {"chainCode": chaincode, "eventKey": key, "notifyUrl": url, "attachArgs": ""}
    return await _registered(client, REGISTER, body)


async def register_blocks(client: PcnClient, url: str) -> str:
    """Ask for a push at each block and return the registration's id. Errors: as `register`."""
    return await _registered(client, REGISTER_BLOCKS, {"notifyUrl": url, "attachArgs": ""})


async def registrations(client: PcnClient) -> list[Registration]:
    """Return what is registered for our application. Errors: Unavailable, Refused."""
    answer = _done(await client.ask(QUERY), "query")
    listed = answer.body if answer.body is not None else []
    try:
        found = [object_of(one) for one in listed]
        return [
            Registration(
                text_of(one, "eventId"), text_of(one, "eventKey"), text_of(one, "notifyUrl")
            )
            for one in found
        ]
    except Untrusted as error:
        raise client.disagree(QUERY, str(error)) from error


async def remove(client: PcnClient, registration: str) -> None:
    """Take a registration back. Errors: Unavailable, Refused."""
    _done(await client.ask(REMOVE, {"eventId": registration}), "remove")


async def _registered(client: PcnClient, path: str, body: Mapping[str, Any]) -> str:
    answer = _done(await client.ask(path, body), "register")
    try:
        found = text_of(object_of(answer.body), "eventId")
    except Untrusted as error:
        raise client.disagree(path, str(error)) from error
    if not found:
        raise client.disagree(path, "eventId: none")
    return found


def _done(answer: Answer, what: str) -> Answer:
    if not answer.done:
        raise Refused(f"{what}: {answer.msg[:200]}")
    return answer
