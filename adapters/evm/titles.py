"""A title kept by a contract of its own in somebody else's register, as its custody sees it.

Its holder pushes it to the custody once it is asked for, and the words of the push are a consent;
its recipient has to accept it, and until then it may come back.
Source: TradeTrust's token registry, version 5; UNCITRAL MLETR, article 11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.evm import calls
from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Answer, Call
from adapters.evm.nodes import Nodes
from adapters.evm.opening import raw
from adapters.evm.questions import Question, Told
from adapters.evm.ticket import Ticket
from bridge.ports import Answered, Check

FREE = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """How a title stands: who has its two roles, who had them, and what its custody notes."""

    custody: str
    in_force: bool  # neither surrendered nor shredded
    is_paused: bool  # its whole register
    owners: tuple[str, str]  # beneficiary, holder
    before: tuple[str, str]
    remark: bytes
    settlement: bytes  # of the open slot it is in; zeros for none
    medium: bytes  # the network it is used on; zeros for this one

    @property
    def is_in_custody(self) -> bool:
        """Whether both roles are the custody's."""
        return self.owners == (self.custody, self.custody)

    def is_pushed(self, ticket: Ticket) -> bool:
        """Tell whether its holder gave it to the custody for this very ticket."""
        party = _address(ticket.party)
        return (
            self.is_in_custody and self.before == (party, party) and self.remark == remark(ticket)
        )


def remark(ticket: Ticket) -> bytes:
    """Return the words of a push: settlement and ticket, which is the holder's consent."""
    return ticket.settlement + ticket.hash()


async def contract_of(nodes: Nodes, head: str, custody: str, ticket: Ticket) -> str:
    """Return the contract of a title; nothing where the custody keeps none of that kind.

    Errors: Unavailable.
    """
    (factory,) = await _answers(nodes, head, [Question(custody, "FACTORY()", "address")])
    return "" if factory is None else await contract_by(nodes, head, str(factory), ticket)


async def contract_by(nodes: Nodes, head: str, factory: str, ticket: Ticket) -> str:
    """Return the contract that a factory made for a title. Errors: Unavailable."""
    where, which = "getEscrowAddress(address,uint256)", (_address(ticket.asset), ticket.token_id)
    (title,) = await _answers(nodes, head, [Question(factory, where, "address", which)])
    return _spelled(title)


async def title_at(nodes: Nodes, head: str, custody: str, ticket: Ticket) -> Title | None:
    """Return a title as a quorum sees it at a block; None where the custody keeps none of its kind.

    Errors: Unavailable.
    """
    at = await contract_of(nodes, head, custody, ticket)
    return await title_of(nodes, head, custody, at, ticket) if at else None


async def title_of(nodes: Nodes, head: str, custody: str, at: str, ticket: Ticket) -> Title:
    """Return how the title stands whose contract is `at`. Errors: Unavailable."""
    questions = [
        Question(_address(ticket.asset), "paused()", "bool"),
        Question(at, "active()", "bool"),
        Question(at, "isHoldingToken()", "bool"),
        *(Question(at, f"{name}()", "address") for name in ("beneficiary", "holder")),
        *(Question(at, f"{name}()", "address") for name in ("prevBeneficiary", "prevHolder")),
        Question(at, "remark()", "bytes"),
    ]
    kept = _call(custody, calls.call("TitleVault", "titles", at), head)
    *answers, noted = await nodes.agreed([*_calls(questions, head), kept])
    told = [_word(one, answer) for one, answer in zip(questions, answers, strict=True)]
    settlement, medium = calls.result("TitleVault", "titles", raw(noted))
    assert isinstance(settlement, bytes) and isinstance(medium, bytes)  # noqa: PT018
    paused, active, holding, beneficiary, holder, former, before, words = told
    return Title(
        custody=_spelled(custody),
        in_force=active is True and holding is True,
        is_paused=paused is not False,
        owners=(_spelled(beneficiary), _spelled(holder)),
        before=(_spelled(former), _spelled(before)),
        remark=words if isinstance(words, bytes) else b"",
        settlement=settlement,
        medium=medium,
    )


def held_checks(title: Title, ticket: Ticket) -> list[Check]:
    """Return whether its holder can give it to the custody, or has."""
    party = _address(ticket.party)
    owned = title.owners == (party, party) or title.is_pushed(ticket)
    free = (title.settlement, title.medium) == (FREE, FREE)
    return [
        *_standing_checks(title),
        _check("holder owns it", owned, f"{' and '.join(title.owners)} own the title"),
        _check("custody is free for it", free, "it is in no other settlement and nowhere else"),
    ]


def made_checks(title: Title, ticket: Ticket) -> list[Check]:
    """Return whether it is in the custody, and out on the network it would come back from."""
    out = (title.settlement, title.medium) == (FREE, ticket.counterpart)
    return [
        *_standing_checks(title),
        _check("it is in the vault", title.is_in_custody and out, "since it went out"),
    ]


def _standing_checks(title: Title) -> list[Check]:
    return [
        _check("title is in force", title.in_force, "neither surrendered nor taken back"),
        _check("register is not paused", not title.is_paused, "by its carrier"),
    ]


def next_step(title: Title, ticket: Ticket) -> str:
    """Return what the escrow is asked next for a title handed over: `confirm`, or `deliver` again.

    Nothing while its recipient has neither accepted nor refused it.
    """
    if title.settlement != ticket.settlement or title.owners[0] != title.custody:
        return "confirm"
    return "deliver" if title.owners[1] == title.custody else ""


def _check(what: str, holds: bool, why: str) -> Check:  # noqa: FBT001
    return Check(what, Answered.YES if holds else Answered.NO, why)


async def _answers(nodes: Nodes, head: str, asked: Sequence[Question]) -> list[Told]:
    told = await nodes.agreed(_calls(asked, head))
    return [_word(one, answer) for one, answer in zip(asked, told, strict=True)]


def _word(question: Question, answer: Answer) -> Told:
    if not isinstance(answer, str):
        return None
    try:
        (word,) = calls.decoded([question.gives], bytes.fromhex(answer[2:]))
    except ValueError:
        return None  # it has no such function
    return word


def _calls(asked: Sequence[Question], head: str) -> list[Call]:
    return [_call(one.to, one.data(), head) for one in asked]


def _call(to: str, data: bytes, head: str) -> Call:
    return ("eth_call", ({"to": to, "data": f"0x{data.hex()}"}, head))


def _address(raw: bytes) -> str:
    return to_checksum_address(raw)


def _spelled(word: Told) -> str:
    return "" if word is None else to_checksum_address(str(word))
