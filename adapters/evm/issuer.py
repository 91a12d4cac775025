"""What its issuer, or whoever governs its code, has done to an asset since it was listed.

Looked at as it stands in a final block: other code behind its proxy, another registry or other
rules, a pause, a freeze of the custody, an identity of the custody that counts no more.
Source: ERC-1967; ERC-3643; ERC-7943, getFrozenTokens; T-REX 4, the implementation authority.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.evm.client import Answer, Call, Lied, NodeError
from adapters.evm.opening import PROXY
from adapters.evm.questions import Question, Told, shown, word
from bridge.ports import Unavailable

IMPLEMENTATION, BEACON = (hex(place) for place in PROXY)
NOWHERE = "0x" + "00" * 20
INNER, REGISTRY, RULES, VERIFIED = "implementation", "identity registry", "compliance", "verified"


@dataclass(frozen=True, slots=True)
class Seen:
    """Who stands behind an asset by role, why it moves nothing, and what is still to be asked."""

    behind: Mapping[str, str]
    halts: tuple[str, ...]
    owed: tuple[tuple[str, Question], ...]


def questions(asset: str, custody: str, block: str) -> list[Call]:
    """Return what `seen` reads the answers of."""
    slots: list[Call] = [
        ("eth_getStorageAt", (asset, slot, block)) for slot in (IMPLEMENTATION, BEACON)
    ]
    return [*slots, *(asked(one, block) for one in _of(asset, custody))]


QUESTIONS = 8  # so many


def _of(asset: str, custody: str) -> tuple[Question, ...]:
    return (
        Question(asset, "getImplementationAuthority()", "address"),
        Question(asset, "identityRegistry()", "address"),
        Question(asset, "compliance()", "address"),
        Question(asset, "paused()", "bool"),
        Question(asset, "isFrozen(address)", "bool", (custody,)),
        Question(asset, "getFrozenTokens(address)", "uint256", (custody,)),
    )


def seen(asset: str, custody: str, answers: Sequence[Answer]) -> Seen:
    """Return how an asset stands. Errors: Unavailable where the nodes refuse."""
    inner, beacon = (_address(one) for one in answers[:2])
    asked_ = zip(_of(asset, custody), answers[2:], strict=True)
    authority, registry, rules, paused, frozen, part = (said(*one) for one in asked_)
    roles = {INNER: inner, REGISTRY: registry, RULES: rules}
    owed = [
        (INNER, Question(whom, function, "address"))
        for whom, function in (
            (beacon, "implementation()"),
            (authority, "getTokenImplementation()"),
        )
        if isinstance(whom, str) and whom != NOWHERE
    ]
    if isinstance(registry, str) and registry != NOWHERE:
        owed.append((VERIFIED, Question(registry, "isVerified(address)", "bool", (custody,))))
    halts = (
        ("it is paused", paused is True),
        ("its custody is frozen", frozen is True),
        (f"{shown(part)} units of its custody are frozen", isinstance(part, int) and part > 0),
    )
    return Seen(
        {role: one for role, one in roles.items() if isinstance(one, str) and one != NOWHERE},
        tuple(why for why, holds in halts if holds),
        tuple(owed),
    )


def settled(first: Seen, answers: Sequence[Answer]) -> Seen:
    """Return how it stands once what was still to be asked is answered. Errors: Unavailable."""
    behind, halts = dict(first.behind), first.halts
    for (role, question), answer in zip(first.owed, answers, strict=True):
        told = said(question, answer)
        if role == VERIFIED and told is not True:
            halts += ("its custody is not verified by the identity registry",)
        if role == INNER:
            behind[INNER] = shown(told)
    return replace(first, behind=behind, halts=halts, owed=())


def other(was: Mapping[str, str], now: Mapping[str, str], pinned: frozenset[str]) -> list[str]:
    """Return who stands behind an asset and neither did when it was first seen nor is pinned."""
    return [
        f"its {role} is {now.get(role, 'none')}, it was {was.get(role, 'none')}"
        for role in (INNER, REGISTRY, RULES)
        if was.get(role) != now.get(role) and now.get(role) not in pinned
    ]


def asked(question: Question, block: str) -> Call:
    """Return a question as a node is asked it at a block."""
    return ("eth_call", ({"to": question.to, "data": f"0x{question.data().hex()}"}, block))


def said(question: Question, answer: Answer) -> Told:
    """Return what a contract answered; None where it has no such function. Errors: Unavailable."""
    try:
        return word(question, answer)
    except (NodeError, Lied) as error:
        raise Unavailable(f"the nodes refuse {question.signature}: {error}") from error


def _address(answer: Answer) -> str:
    """Return the address in a word of storage. Errors: Unavailable."""
    if not isinstance(answer, str):
        raise Unavailable(f"the nodes refuse a word of storage: {answer}")
    return "0x" + answer.removeprefix("0x").rjust(64, "0")[-40:].lower()
