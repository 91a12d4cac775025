"""Quota sequences from the data folder, told to the judge and a real ledger.

The vectors count periods of 365 days; so the accounts are named here; every answer is the
product's.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from bridge.core.booking import USE, Account, Op, Transfer
from bridge.core.canonical import Value
from bridge.core.events import Reservation
from bridge.core.ids import AccountId, EntryId, Instant, SettlementId, derived_id
from bridge.core.money import Units
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, Replayed
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.row_forms import account_form
from bridge.notary.store.memory import MemoryStore
from bridge.policy.dossier import Quota
from bridge.policy.judge import judge
from bridge.policy.packs import Pack
from bridge.policy.verdict import Outcome
from tests.notary.ledgers import SetClock
from tests.policy.packs import CLEAN, pack, rule, with_facts
from tests.strategies import make_id, make_order

PERIOD_S = 31_536_000
NET, NET_IN = AccountId("quota/net/all/ever"), AccountId("quota/net.in/all/ever")


class Step(TypedDict, total=False):
    op: str
    id: str
    person: str
    amount: int
    direction: str
    ttl: int
    ts: int


@dataclass
class Counter:
    """One sequence: what was asked under each id, and the ledger that answers."""

    journal: Journal
    clock: SetClock
    judged_by: Pack
    asked: dict[str, tuple[Step, tuple[Reservation, ...]]] = field(default_factory=dict)
    groups: int = 0

    def transfer_id(self, name: str, op: Op, account: str) -> EntryId:
        return derived_id(SettlementId(make_id(1)), name, op.value, account)

    def quota(self, account: AccountId, amount: int) -> Quota:
        row, back = self.journal.view.account(account), self.journal.view.account(NET_IN)
        return Quota(
            account=account,
            unit="USD",
            amount=Units(amount),
            used=row.debits_posted if row else 0,
            held=row.debits_pending if row else 0,
            inflow=back.debits_posted if back is not None and account == NET else 0,
        )

    async def tell(self, *drafts: Draft) -> object:
        self.groups += 1
        name = derived_id(SettlementId(make_id(2)), str(self.groups))
        return (await self.journal.append((Group(id=name, drafts=drafts, spends=False),)))[0]

    async def reserve(self, step: Step) -> str:
        wanted = {name: value for name, value in step.items() if name not in {"op", "ts"}}
        if step["id"] in self.asked:
            before = self.asked[step["id"]][0]
            same = {name: value for name, value in before.items() if name not in {"op", "ts"}}
            return "duplicate_ok" if same == wanted else "conflict"
        inward = step["direction"] == "in"
        person = AccountId(f"quota/person/{step['person']}/{step['ts'] // PERIOD_S}")
        quotas = {
            "person": self.quota(person, step["amount"]),
            "net": self.quota(NET, step["amount"]),
            "net.in": self.quota(NET_IN, step["amount"]),
        }
        sides = {"payer__jurisdiction": "CN", "payee__jurisdiction": "HK"} if inward else {}
        dossier = replace(with_facts(CLEAN, **sides), quotas=quotas)
        verdict = judge(make_order(), dossier, self.judged_by)
        self.asked[step["id"]] = (step, verdict.reservations)
        for finding in verdict.findings:
            if finding.outcome is not Outcome.CLEAR:
                return f"deny:{finding.rule.partition('@')[0]}_quota"
        due = Instant((step["ts"] + step["ttl"]) * 1000)
        drafts: list[Draft] = []
        for held in verdict.reservations:
            drafts += self._opened(held)
            moved = self._transfer(step["id"], Op.PENDING, held)
            drafts.append(Draft(id=moved.id, kind="transfer", body=transfer_body(moved, due)))
        assert isinstance(await self.tell(*drafts), Committed)
        return "allow"

    def _opened(self, held: Reservation) -> list[Draft]:
        use = AccountId(USE + held.account)
        quota = Account(id=held.account, unit="USD", code="quota", limit=held.limit)
        other = Account(id=use, unit="USD", code="use")
        bodies: list[dict[str, Value]] = [account_form(quota), account_form(other)]
        names = [f"{held.account}/{self.groups}", f"{use}/{self.groups}"]
        return [
            Draft(id=self.transfer_id(name, Op.POST, "open"), kind="account", body=body)
            for name, body in zip(names, bodies, strict=True)
        ]

    def _transfer(self, name: str, op: Op, held: Reservation) -> Transfer:
        pending = self.transfer_id(name, Op.PENDING, held.account)
        return Transfer(
            id=self.transfer_id(name, op, held.account),
            op=op,
            debit=held.account,
            credit=AccountId(USE + held.account),
            unit="USD",
            units=held.units,
            of=None if op is Op.PENDING else pending,
        )

    async def end(self, name: str, op: Op) -> str:
        if name not in self.asked:
            return "error:unknown"
        _, held = self.asked[name]
        if not held:
            return "error:denied"
        moved = [self._transfer(name, op, one) for one in held]
        told = await self.tell(
            *(Draft(id=one.id, kind="transfer", body=transfer_body(one)) for one in moved)
        )
        if isinstance(told, Committed):
            return "ok"
        if isinstance(told, Replayed):
            return "duplicate_ok"
        row = self.journal.view.pending(self.transfer_id(name, Op.PENDING, held[0].account))
        assert row is not None
        told_as = {"posted": "committed", "voided": "released"}
        resolution = told_as.get(row.resolution, row.resolution)
        again = (op is Op.POST_PENDING) == (resolution == "committed")
        return "duplicate_ok" if again and resolution != "expired" else f"error:{resolution}"

    async def expire(self, now: int) -> None:
        for name, (step, held) in self.asked.items():
            late = held and now >= step["ts"] + step["ttl"]
            row = self.journal.view.pending(
                self.transfer_id(name, Op.PENDING, held[0].account) if late else EntryId("")
            )
            if late and row is not None and not row.resolution:
                # the ledger's own writer may have been first: then it is expired already
                assert await self.end(name, Op.EXPIRE) in {"ok", "error:expired"}


async def play(vector: dict[str, object], steps: list[Step]) -> tuple[list[str], Counter]:
    """Every answer of one sequence, and where the counters stand."""
    common = {"measure": "payment_out", "currency": "USD", "zone": "UTC", "key": []}
    person = {**common, "limit": str(vector["person_limit_minor"]), "border": "le", "over": "hold"}
    net = {**common, "limit": str(vector["net_limit_minor"]), "inflow": "at_commit"}
    judged_by = pack(
        rule("person_period_quota", {**person, "period": "ever"}, id="person", jurisdiction="HK"),
        rule("net_aggregate_quota", {**net, "period": "ever"}, id="net", jurisdiction="HK"),
    )
    clock = SetClock(steps[0]["ts"] * 1000)
    counter = Counter(Journal.open(MemoryStore(), clock), clock, judged_by)
    answers: list[str] = []
    for step in steps:
        clock.time = step["ts"] * 1000
        await counter.expire(step["ts"])
        if step["op"] == "reserve":
            answers.append(await counter.reserve(step))
        else:
            op = Op.POST_PENDING if step["op"] == "commit" else Op.VOID_PENDING
            answers.append(await counter.end(step["id"], op))
    return answers, counter


async def test_every_sequence_gets_its_answers_and_ends_on_its_counters(data_dir: Path) -> None:
    played = 0
    for path in sorted((data_dir / "aml" / "rules").glob("quota*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            vector = json.loads(line)
            answers, counter = await play(vector, vector["ops"])
            assert answers == vector["expect"], vector["id"]
            view, used, held = counter.journal.view, {}, {}
            accounts = {one.account for _, reserved in counter.asked.values() for one in reserved}
            for account in accounts:
                row, name = view.account(account), account.split("/")
                assert row is not None
                if name[1] == "person":
                    used[f"{name[2]}|{name[3]}"] = row.debits_posted
                    held[f"{name[2]}|{name[3]}"] = row.debits_pending
            assert {key: n for key, n in used.items() if n} == vector["final_used"], vector["id"]
            assert {key: n for key, n in held.items() if n} == vector["final_held"], vector["id"]
            out, back = view.account(NET), view.account(NET_IN)
            net = (out.debits_posted if out else 0) - (back.debits_posted if back else 0)
            assert net == vector["final_net_out"], vector["id"]
            await counter.journal.close()
            played += 1
    assert played, "no sequence lies there"
