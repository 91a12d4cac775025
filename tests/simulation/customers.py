"""Customers: they order, consent, bring papers, repeat themselves, and go away when told no."""

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from adapters.memory.bank import Fate, Word
from adapters.memory.codec import public_hex
from bridge.core.consent import Consent, Paper
from bridge.core.ids import Bic, Digest, Instant, PartyId, SettlementId, new_ulid
from bridge.core.money import money
from bridge.core.order import Condition
from bridge.engine.admission import Declined, OrderRequest, PaymentRequest, Side
from bridge.engine.desk import Sent
from bridge.engine.ring import Ring
from bridge.notary.entries import Request
from tests.engine.river import key
from tests.notary.ledgers import LI
from tests.simulation.life import Gone
from tests.simulation.registers import BACK, ISSUED, THERE, instrument
from tests.simulation.watchman import Watchman
from tests.simulation.world import PARTIES, Draw, Sale, World, account, name_of, wallet
from tests.strategies import DAY_MS, DESTINATION, ORIGIN

GAP_S = 4.0  # between two orders, on average
TRIES = 40  # of a client who is not answered, or whose lane is shut
FATES = tuple(fate for fate in Fate if fate is not Fate.SETTLE)
SHUT = frozenset({"LQ-LANE-SHUT", "LQ-NOT-ADMITTED", "LQ-NETWORK-AWAY"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer wants, before the daemon has heard of it."""

    request: OrderRequest
    sale: Sale
    seller_key: str


class Customers:
    """All of them. `run` ends when each has its order in, or was told no."""

    def __init__(self, world: World, watchman: Watchman) -> None:
        self._world = world
        self._watchman = watchman
        self._draw = world.chance("customers")
        self._asked = 0

    async def run(self) -> None:
        """Order one after the other, and let each go its way."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._world.size):
                await asyncio.sleep(self._draw.expovariate(1 / GAP_S))
                tasks.create_task(self._one(number, Draw(self._draw.getrandbits(60))))

    def request(self, route: str, body: str) -> Request:
        """Return a request nobody made before."""
        self._asked += 1
        digest = Digest(sha256(body.encode()).hexdigest())
        return Request(key=f"c{self._asked}", principal=LI, route=route, body=digest)

    async def _one(self, number: int, draw: Draw) -> None:
        for _ in range(3):
            wish = self._wish(number, draw)
            sent = await self._sent(wish, draw)
            if sent is not None:
                await self._consents(wish, sent, draw)
                return
            await asyncio.sleep(draw.uniform(1, 20))

    def _wish(self, number: int, draw: Draw) -> Wish:
        world, now = self._world, self._world.now()
        back = self._arrived(draw) if draw.random() < 0.3 else None
        if back is not None:
            asset, paper, seller = back.asset, back.number, back.buyer
            units = back.units
        else:
            asset = draw.choice(("bond", "bond", "paper"))
            last = f"{asset.upper()}{draw.randrange(max(1, number))}"
            paper = last if draw.random() < 0.4 else f"{asset.upper()}{number}"
            seller = draw.randrange(PARTIES)
            units = draw.choice((10, 40, 60, 100)) if asset == "bond" else 1
        buyer = (seller + 1 + draw.randrange(PARTIES - 1)) % PARTIES
        minor = draw.randrange(1, 10_000) * 100 if draw.random() < 0.7 else 0
        short = draw.random() < world.weather.short
        deadline = now + (int(draw.uniform(2_000, 60_000)) if short else DAY_MS)
        name = SettlementId(new_ulid(now, draw.randbytes(10)))
        lane = THERE if back is None else BACK
        conditions: tuple[Condition, ...] = ()
        if draw.random() < 0.2:
            conditions = (Condition(kind="bill", key=public_hex(key("inspector"))),)
        sale = Sale(
            id=name,
            asset=asset,
            number=paper,
            issued=ISSUED[asset],
            units=units,
            origin=ORIGIN if back is None else DESTINATION,
            destination=DESTINATION if back is None else ORIGIN,
            seller=seller,
            buyer=buyer,
            minor=minor,
        )
        request = OrderRequest(
            id=name,
            seed=draw.randbytes(32),
            lane=lane,
            instrument=instrument(asset, paper),
            units=units,  # type: ignore[arg-type]  # a whole number
            originator=Side(party=PartyId(f"p{seller}"), account=wallet(seller)),
            beneficiary=Side(party=PartyId(f"p{buyer}"), account=wallet(buyer)),
            deadline=Instant(deadline),
            payment=_payment(seller, buyer, minor) if minor else None,
            conditions=conditions,
            purpose="GDDS",
            bop_code="121010",
        )
        if minor and world.rough and draw.random() < world.weather.rail:
            world.bank.fates[name] = fate = draw.choice(FATES)
            world.met(f"rail.{fate.value}")
        if minor and world.rough and draw.random() < 0.3:
            world.bank.words[name] = word = draw.choice((Word.REFUSE, Word.SILENT))
            world.met(f"recall.{word.value}")
        return Wish(request, sale, wallet(seller))

    def _arrived(self, draw: Draw) -> Sale | None:
        """Return a sale whose twin lies with its buyer, to be sent home again."""
        there = self._world.chains[DESTINATION].escrow.slots
        done = [
            sale
            for of, sale in self._world.sales.items()
            if sale.origin == ORIGIN
            and (slot := there.get(f"destination/{of}")) is not None
            and slot.state.value == "done"
        ]
        return draw.choice(done) if done else None

    async def _sent(self, wish: Wish, draw: Draw) -> Sent | None:
        """Send until answered; the same words under the same key, whatever died meanwhile."""
        world = self._world
        world.sales[wish.sale.id] = wish.sale
        asked = self.request("send", wish.sale.id)
        for tried in range(TRIES):
            try:
                sent = await self._watchman.visit(
                    lambda ring: ring.desk.send(wish.request, LI, asked)
                )
            except Gone:
                world.met("client.repeats")
                await asyncio.sleep(draw.uniform(0.1, 5))
                continue
            except Declined as no:
                world.met(f"declined.{no.code}")
                if no.code in SHUT and tried < TRIES - 1:
                    await asyncio.sleep(draw.uniform(5, 60))
                    continue
                return None
            world.answered.add(wish.sale.id)
            if draw.random() < 0.1:
                await self._again(wish, asked)
            return sent
        return None

    async def _again(self, wish: Wish, asked: Request) -> None:
        """Say it once more: the answer is the first one, and nothing is written."""
        try:
            sent = await self._watchman.visit(lambda ring: ring.desk.send(wish.request, LI, asked))
        except Gone:
            return
        self._world.met("client.repeats_whole")
        if not sent.replayed:
            self._world.wrong(f"{wish.sale.id}: the same request was carried out twice")

    async def _consents(self, wish: Wish, sent: Sent, draw: Draw) -> None:
        if draw.random() < 0.04:
            self._world.met("consent.missing")
            return  # the deadline ends it
        await asyncio.sleep(draw.choice((0.0, 0.0, 1.0, 10.0)))
        for owed in sent.consents:
            consent = Consent(
                settlement=sent.settlement,
                terms=sent.terms,
                network=owed.network,
                by=owed.by,
                kind=owed.kind,
                public_key=public_hex(key(wish.seller_key)),
                signature=key(wish.seller_key).sign(owed.message),
                not_after=Instant(wish.request.deadline + 7 * DAY_MS),
            )
            await self._given("consent", sent.settlement, consent, draw)
        if wish.request.conditions and draw.random() < 0.9:
            await asyncio.sleep(draw.uniform(0, 40))
            await self._given("paper", sent.settlement, _paper(sent, draw), draw)

    async def _given(self, what: str, of: str, given: Consent | Paper, draw: Draw) -> None:
        asked = self.request(what, of)

        async def give(ring: Ring) -> object:
            if isinstance(given, Consent):
                return await ring.desk.give_consent(given, asked)
            return await ring.desk.give_paper(given, asked)

        for _ in range(TRIES):
            try:
                await self._watchman.visit(give)
            except Gone:
                await asyncio.sleep(draw.uniform(0.1, 5))
            except Declined as no:
                self._world.met(f"declined.{no.code}")
                if no.code not in {"LQ-CONSENT-BAD", *SHUT}:
                    return
                await asyncio.sleep(draw.uniform(1, 10))
            else:
                self._world.met(f"given.{what}")
                return


def _paper(sent: Sent, draw: Draw) -> Paper:
    says = "given" if draw.random() < 0.85 else "refused"
    paper = Paper(
        settlement=sent.settlement,
        terms=sent.terms,
        kind="bill",
        digest=Digest("cd" * 32),
        issued=Instant(0),
        says=says,  # type: ignore[arg-type]  # one of the two words
        key=public_hex(key("inspector")),
        signature=b"",
    )
    signature = key("inspector").sign(paper.message())
    return Paper(
        settlement=paper.settlement,
        terms=paper.terms,
        kind=paper.kind,
        digest=paper.digest,
        issued=paper.issued,
        says=paper.says,
        key=paper.key,
        signature=signature,
    )


def _payment(seller: int, buyer: int, minor: int) -> PaymentRequest:
    return PaymentRequest(
        amount=money(f"{minor // 100}.{minor % 100:02d}", "HKD"),
        debtor=name_of(buyer),
        debtor_account=account(buyer),
        debtor_agent=Bic("HSBCHKHH"),
        creditor=name_of(seller),
        creditor_account=account(seller),
        creditor_agent=Bic("BKCHCNBJ"),
    )
