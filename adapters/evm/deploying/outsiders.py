"""Who was ever given a role that no view lists: looked for in the nodes' logs, never signed upon.

A log is a hint. Who is named in any node's is asked about at a quorum, so a log that was made up
names nobody. A log that was left out is looked for elsewhere: every node is asked, and a node's
logs count as whole only where they name all of those who are known to have been given the role.
Source: Ethereum execution-apis, eth_getLogs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.evm.addresses import to_checksum_address
from adapters.evm.blocks import data
from adapters.evm.client import Json, NodeError, Trouble
from adapters.evm.nodes import Node, Nodes
from adapters.evm.tries import BadProof
from schemas.contracts.interface import interface

NARROWEST = 500  # blocks; a node that refuses so few is not asked on
MOST = 1_000  # accounts named by one node


@dataclass(frozen=True, slots=True)
class Role:
    """A contract, the event by which it gives a role, and who has it as a quorum says."""

    contract: str
    at: str
    event: str
    held_by: set[str]


async def named(nodes: Nodes, role: Role, first: int, last: int) -> tuple[set[str], set[str]]:
    """Return who is named in any node's logs, and the operators whose logs are whole."""
    found: set[str] = set()
    whole: set[str] = set()
    for node in nodes.able():
        try:
            told = await _told(node, role, first, last)
        except Trouble as trouble:
            nodes.heard(node, trouble)
        except NodeError:
            pass  # it keeps no logs as old, or gives none: its operator is not counted
        except BadProof as error:
            nodes.lied(node, str(error))
        else:
            found |= told
            if told >= role.held_by:
                whole.add(node.operator)
    return found, whole


async def _told(node: Node, role: Role, first: int, last: int) -> set[str]:
    """Return who a node's logs name; where it refuses so many blocks, half of them at a time."""
    topic = interface(role.contract).events[role.event].id
    asked: Mapping[str, Json] = {
        "address": role.at,
        "topics": (f"0x{topic.hex()}",),
        "fromBlock": hex(first),
        "toBlock": hex(last),
    }
    (answer,) = await node.batch([("eth_getLogs", (asked,))])
    if isinstance(answer, NodeError):
        if last - first < NARROWEST:
            raise answer
        middle = (first + last) // 2
        before = await _told(node, role, first, middle)
        return before | await _told(node, role, middle + 1, last)
    return _read(answer, role.at, topic)


def _read(answer: Json, at: str, topic: bytes) -> set[str]:
    if not isinstance(answer, Sequence) or isinstance(answer, str) or len(answer) > MOST:
        raise BadProof("logs are no list, or more than a contract of ours has")
    found: set[str] = set()
    for log in answer:
        if not isinstance(log, Mapping) or str(log.get("address")).lower() != at.lower():
            raise BadProof("a log of another contract than was asked for")
        topics = log.get("topics")
        if not isinstance(topics, Sequence) or isinstance(topics, str) or len(topics) != 2:
            raise BadProof("a log has other topics than was asked for")
        kind, who = (data(one, "topic", 32) for one in topics)
        if kind != topic or any(who[:12]):
            raise BadProof("a log has other topics than was asked for")
        found.add(to_checksum_address(who[12:]))
    return found
