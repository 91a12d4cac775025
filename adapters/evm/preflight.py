"""What can be seen of whether an order could land here: asked of a quorum, at one block, reading.

Source: ERC-20; ERC-721; ERC-3643 (a transfer is refused where the recipient is not admitted).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.client import Answer, Call, Json, NodeError, of_contract
from adapters.evm.codec import BadWords, ticket_of
from adapters.evm.nodes import Nodes
from adapters.evm.opening import raw
from adapters.evm.ticket import Ticket
from adapters.evm.titles import Title, contract_by, held_checks, made_checks, title_of
from bridge.core.act import act_for
from bridge.core.effects import LockAsset, MintAsset
from bridge.core.ids import NetworkId
from bridge.core.order import SettlementOrder
from bridge.ports import Answered, Check, Unavailable

LISTED = "asset is listed and open"
TOKEN, TITLE = "RepresentationToken", "RepresentationTitle"  # whose interface a foreign one shares
TITLES = "TitleVault"  # the custody of titles with a contract each
NOTHING = "0x" + "00" * 20
ERC721 = bytes.fromhex("80ac58cd")  # as ERC-165 names it


@dataclass(frozen=True, slots=True)
class View:
    """One block as a quorum of operators sees it."""

    nodes: Nodes
    head: str

    async def ask(
        self, *asked: tuple[str, str, str, tuple[Word, ...]], also: Sequence[Call] = ()
    ) -> list[Answer]:
        """Return what functions answer: contract, address, function, arguments.

        And behind them what is also asked.
        """
        questions: list[Call] = [
            ("eth_call", (_asked(to, calls.call(contract, function, *args)), self.head))
            for contract, to, function, args in asked
        ]
        return await self.nodes.agreed([*questions, *also])

    def code(self, account: str) -> Call:
        """Ask for the code of an account."""
        return ("eth_getCode", (account, self.head))

    def trial(self, sender: str, to: str, data: bytes) -> Call:
        """Ask whether a call of somebody's would be refused."""
        return ("eth_call", (_asked(to, data) | {"from": sender}, self.head))

    async def passes(self, sender: str, to: str, data: bytes) -> bool:
        """Tell whether a call of somebody's would not be refused."""
        (answer,) = await self.nodes.agreed([self.trial(sender, to, data)])
        return passed(answer)


def _asked(to: str, data: bytes) -> dict[str, Json]:
    return {"to": to, "data": f"0x{data.hex()}"}


def passed(answer: Answer) -> bool:
    """Tell whether no contract refused what was tried. Errors: Unavailable."""
    if isinstance(answer, NodeError) and not of_contract(answer):
        raise Unavailable(f"the nodes refuse: {answer.message[:200]}")
    return not isinstance(answer, NodeError)


def read(contract: str, function: str, answer: Answer) -> tuple[Word, ...] | None:
    """Return what a function answered, None where it refused or is none."""
    if not isinstance(answer, str):
        return None
    try:
        return calls.result(contract, function, bytes.fromhex(answer[2:]))
    except ValueError:
        return None


async def preflight(
    nodes: Nodes, network: NetworkId, escrow: str, operator: str | None, order: SettlementOrder
) -> tuple[Check, ...]:
    """Return the checks of one side of an order. Errors: Unavailable."""
    is_origin = order.origin.network == network
    leg = order.origin if is_origin else order.destination
    checks = [_check("escrow is ours", leg.escrow == escrow, leg.escrow)]
    try:
        ticket = ticket_of(act_for(LockAsset(order) if is_origin else MintAsset(order)))
    except BadWords as error:
        return (*checks, Check("its words are the chain's", Answered.NO, str(error)))
    view = View(nodes, hex(await nodes.head()))
    asset, party = f"0x{ticket.asset.hex()}", f"0x{ticket.party.hex()}"
    side = "origin" if is_origin else "destination"
    answers = await view.ask(
        ("Escrow", escrow, "assets", (asset,)),
        ("Escrow", escrow, "inHalted", ()),
        ("Escrow", escrow, side, (ticket.settlement,)),
        ("Escrow", escrow, "isOperator", (operator or NOTHING,)),
        also=[view.code(asset)],
    )
    rule = read("Escrow", "assets", answers[0])
    halted = read("Escrow", "inHalted", answers[1])
    slot = read("Escrow", side, answers[2])
    listed = read("Escrow", "isOperator", answers[3])
    if rule is None or halted is None or slot is None or listed is None:
        raise Unavailable("the escrow answers something else")
    custody = str(rule[0])
    same_code = rule[-1] == keccak(raw(answers[4]))
    checks += [
        _check(LISTED, rule[2] is True and custody != NOTHING, asset),
        _check("asset's code is the pinned one", same_code, "as when it was listed"),
        _check("escrow takes", halted[0] is False, "halted" if halted[0] else "it does"),
        _check("settlement is new here", slot[1] == 0, order.id),
    ]
    if custody == NOTHING:
        return tuple(checks)
    if is_origin:
        checks.append(_check("operator may lock", listed[0] is True, operator or "no entry key"))
        checks += await _held(view, ticket, asset, party, custody)
    else:
        checks += await _made(view, ticket, order.origin.asset, custody)
    return tuple(checks)


async def _held(view: View, ticket: Ticket, asset: str, party: str, custody: str) -> list[Check]:
    if ticket.token_id:
        return await _title_held(view, ticket, asset, party, custody)
    moved = calls.call(TOKEN, "transfer", custody, ticket.amount)
    told = await view.ask(
        (TOKEN, asset, "balanceOf", (party,)),
        (TOKEN, asset, "allowance", (party, custody)),
        also=[view.trial(party, asset, moved)],
    )
    balance = _number(read(TOKEN, "balanceOf", told[0]))
    allowed = _number(read(TOKEN, "allowance", told[1]))
    return [
        _check("holder owns it", balance >= ticket.amount, f"{balance} of {ticket.amount}"),
        _check("custody is allowed", allowed >= ticket.amount, f"{allowed} of {ticket.amount}"),
        _check("the token lets it go there", passed(told[2]), custody),
    ]


async def _title_held(
    view: View, ticket: Ticket, asset: str, party: str, custody: str
) -> list[Check]:
    number = ticket.token_id
    told = await view.ask(
        (TITLES, custody, "FACTORY", ()),
        (TITLE, asset, "supportsInterface", (ERC721,)),
        (TITLE, asset, "ownerOf", (number,)),
        (TITLE, asset, "getApproved", (number,)),
        (TITLE, asset, "isApprovedForAll", (party, custody)),
    )
    title = await _title(view, ticket, custody, told[0])
    if title is not None:
        return held_checks(title, ticket)
    register = _register(asset, told[1])
    if register.answer is Answered.NO:
        return [register]
    owner, approved = read(TITLE, "ownerOf", told[2]), read(TITLE, "getApproved", told[3])
    of_all = read(TITLE, "isApprovedForAll", told[4])
    allowed = (approved is not None and str(approved[0]) == custody) or of_all == (True,)
    return [
        register,
        _check("holder owns it", owner is not None and str(owner[0]) == party, party),
        _check("custody is allowed", allowed, custody),
    ]


async def _title(view: View, ticket: Ticket, custody: str, factory: Answer) -> Title | None:
    """Return how a title stands that has a contract of its own, as its custody's factory says."""
    made_by = read(TITLES, "FACTORY", factory)
    if made_by is None:
        return None
    at = await contract_by(view.nodes, view.head, str(made_by[0]), ticket)
    return await title_of(view.nodes, view.head, custody, at, ticket) if at else None


def _register(asset: str, answer: Answer) -> Check:
    """A part is one title of a register; of what is counted there is none."""
    is_one = read(TITLE, "supportsInterface", answer) == (True,)
    return _check("asset is a register of titles", is_one, asset)


async def _made(view: View, ticket: Ticket, far: str, custody: str) -> list[Check]:
    """`far` is the asset on the other network, of which a twin here is the twin."""
    asset, party = f"0x{ticket.asset.hex()}", f"0x{ticket.party.hex()}"
    told = await view.ask(
        ("Vault", custody, "backing", (asset, ticket.counterpart)),
        (TOKEN, asset, "HOME", ()),
        (TOKEN, asset, "HOME_ASSET", ()),
        (TITLES, custody, "FACTORY", ()),
        (TITLE, asset, "supportsInterface", (ERC721,)),
    )
    if ticket.token_id:
        title = await _title(view, ticket, custody, told[3])
        if title is not None:
            return made_checks(title, ticket)
    backing = read("Vault", "backing", told[0])
    checks: list[Check] = []
    if backing is not None:
        behind = _number(backing)
        checks.append(_check("it is in the vault", behind >= ticket.amount, f"{behind} in it"))
    else:
        is_home = read(TOKEN, "HOME", told[1]) == (ticket.counterpart,)
        is_its = read(TOKEN, "HOME_ASSET", told[2]) == (keccak(far.encode()),)
        checks.append(_check("it can be made", is_home, "its home is the other network"))
        checks.append(_check("it is the twin of that asset", is_its, far))
    if ticket.token_id:
        return [*checks, _register(asset, told[4])]
    amount = 0 if backing is None else ticket.amount  # a share may refuse to move nothing
    moved = calls.call(TOKEN, "transfer", party, amount)
    admitted = await view.passes(custody, asset, moved)
    return [*checks, _check("recipient is admitted", admitted, party)]


def _number(words: Sequence[Word] | None) -> int:
    return words[0] if words and isinstance(words[0], int) else 0


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)
