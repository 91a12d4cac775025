"""The ledger against a model of its own: accounts, ids, conflicts, expiry, groups, two stores.

The model knows dictionaries and integers, nothing of the product's code.
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from bridge.notary.entries import Draft, Group, shape_group
from bridge.notary.fsck import fsck
from bridge.notary.outcomes import Committed, Conflict, RefusedGroup, Replayed
from bridge.notary.projection import Projection
from bridge.notary.recheck import recheck
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.port import Store
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.writer import Asked, Judged, Writer
from tests.notary.ledgers import SetClock, account, draft, group, transfer

NAMES = ("a", "b", "covered", "limited", "nobody")


Op: TypeAlias = tuple[str, str, str, int, int, int | None]


@dataclass
class Model:
    """What should be, in plain numbers."""

    posted: dict[str, list[int]] = field(default_factory=dict)  # debits, credits
    pending: dict[str, list[int]] = field(default_factory=dict)
    held: dict[int, tuple[str, str, int, int | None, str]] = field(default_factory=dict)
    spent: dict[int, tuple[int, object]] = field(default_factory=dict)  # group by first id

    def copy(self) -> "Model":
        """A model that can be thrown away."""
        return Model(
            {k: v[:] for k, v in self.posted.items()},
            {k: v[:] for k, v in self.pending.items()},
            dict(self.held),
            self.spent,
        )

    def code(self, number: int, op: Op) -> int:
        """Do one transfer; return 0, or the number of the first rule it breaks."""
        word, debit, credit, units, of, due = op
        if debit not in self.posted or credit not in self.posted:
            return 120
        if debit == credit:
            return 122
        if units == 0:
            return 130
        if word in {"post", "pending"}:
            used = self.posted[debit][0] + self.pending[debit][0] + units
            if debit == "covered" and used > self.posted[debit][1]:
                return 150
            if debit == "limited" and used > 20:
                return 152
            book = self.posted if word == "post" else self.pending
            book[debit][0] += units
            book[credit][1] += units
            if word == "pending":
                self.held[number] = (debit, credit, units, due, "")
            return 0
        if of not in self.held or self.held[of][:2] != (debit, credit):
            return 140
        _, _, reserved, until, state = self.held[of]
        if state == "resolved":
            return 141
        if state == "expired":
            return 142
        if units > reserved or (word == "void_pending" and units != reserved):
            return 143
        self.pending[debit][0] -= reserved
        self.pending[credit][1] -= reserved
        if word == "post_pending":
            self.posted[debit][0] += units
            self.posted[credit][1] += units
        self.held[of] = (debit, credit, reserved, until, "resolved")
        return 0

    def expire(self, now: int) -> None:
        """Give back what has fallen due."""
        for number, (debit, credit, units, due, state) in list(self.held.items()):
            if due is not None and due <= now and not state:
                self.pending[debit][0] -= units
                self.pending[credit][1] -= units
                self.held[number] = (debit, credit, units, due, "expired")


debits = ("limited", "covered", "limited", "covered", "a", "limited", "covered", "nobody")
credits_ = ("b", "covered", "a", "b", "covered", "a", "b", "limited")
ops = st.tuples(
    st.sampled_from(["pending", "post", "pending", "post_pending", "void_pending"]),
    st.sampled_from(debits),
    st.sampled_from(credits_),
    st.sampled_from([5, 3, 8, 12, 1, 0, 21]),
    st.integers(0, 60),  # which pending, of those there were
    st.none() | st.none() | st.integers(1, 40),
)


class Ledgers(RuleBasedStateMachine):
    """Two stores and a model that are told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = SetClock()
        self.model = Model()
        self.number = 100
        self.asked: list[Group] = []
        self.stores: list[Store] = [
            MemoryStore(),
            SqliteStore(Path(self.folder.name) / "ledger.sqlite"),
        ]
        self.writers = [self._writer(store) for store in self.stores]
        opened = [
            draft(1, "account", account("a")),
            draft(2, "account", account("b")),
            draft(3, "account", account("covered", covered=True)),
            draft(4, "account", account("limited", limit=20)),
        ]
        self._put(group(1, *opened))
        for name in NAMES[:-1]:
            self.model.posted[name] = [0, 0]
            self.model.pending[name] = [0, 0]

    def _writer(self, store: Store) -> Writer:
        return Writer(store, Projection(store, generation=6), self.clock, store.take("model"))

    def _put(self, *groups: Group) -> Judged:
        """Tell both stores; they answer alike."""
        seen: list[Judged] = []
        for writer in self.writers:
            judged = writer.judge([Asked(g, shape_group(g)) for g in groups])
            if judged.batch is not None:
                writer.store.append(judged.batch, writer.head)
            writer.settle(judged)
            seen.append(judged)
        assert seen[0].answers == seen[1].answers
        return seen[0]

    def _transfer(self, op: Op) -> tuple[int, Op, Draft]:
        """Draw an entry: mostly one whose pending and accounts belong together."""
        self.number += 1
        word, debit, credit, units, of, due = op
        named = None
        if word in {"post_pending", "void_pending"}:
            pendings = sorted(self.model.held)
            named = pendings[of % len(pendings)] if pendings else 7
            if named in self.model.held and of % 3:
                debit, credit = self.model.held[named][:2]
            if named in self.model.held and of % 2:
                units = self.model.held[named][2]
        until = self.clock.time + due if word == "pending" and due is not None else None
        of_id = None if named is None else draft(named, "transfer", {}).id
        body = transfer(word, debit, credit, units, of=of_id, due=until)
        meant = (word, debit, credit, units, named or 0, until)
        return self.number, meant, draft(self.number, "transfer", body)

    @rule(told=st.lists(st.lists(ops, min_size=1, max_size=2), min_size=3, max_size=8))
    def tell(self, told: list[list[Op]]) -> None:
        """Several groups in one batch."""
        self.model.expire(self.clock.time)
        groups: list[Group] = []
        codes: list[int] = []
        for members in told:
            trial = self.model.copy()
            drafts: list[Draft] = []
            code = 0
            for op in members:
                number, meant, made = self._transfer(op)
                drafts.append(made)
                code = code or trial.code(number, meant)
            if not code:
                self.model.posted, self.model.pending = trial.posted, trial.pending
                self.model.held = trial.held
            codes.append(code)
            groups.append(group(self.number, *drafts))
        answers = self._put(*groups).answers
        for answer, code in zip(answers, codes, strict=True):
            assert isinstance(answer, RefusedGroup if code else Committed)
            assert not isinstance(answer, RefusedGroup) or answer.code == code
        self.asked += groups

    @rule(which=st.integers(0, 500))
    def tell_again(self, which: int) -> None:
        """The same group again gets the first answer; another body under its id never goes."""
        if not self.asked:
            return
        old = self.asked[which % len(self.asked)]
        other = transfer("post", "a", "b", 999)
        changed = Group(
            id=old.id, drafts=(Draft(id=old.drafts[0].id, kind="transfer", body=other),)
        )
        size = self.writers[0].head.seq
        self.model.expire(self.clock.time)
        first, second = self._put(old, changed).answers
        assert isinstance(first, Replayed | RefusedGroup)
        assert isinstance(second, Conflict)
        assert self.writers[0].head.seq >= size

    @rule(step=st.integers(1, 30))
    def time_passes(self, step: int) -> None:
        """The clock goes on."""
        self.clock.time += step

    @rule()
    def restart(self) -> None:
        """Both come back from what they stored, and find it as it was."""
        for store in self.stores:
            recheck(store)
        self.writers = [self._writer(store) for store in self.stores]

    @invariant()
    def as_the_model_says(self) -> None:
        """Every counter is the model's."""
        for writer in self.writers:
            for name, posted in self.model.posted.items():
                row = writer.view.account(name)
                assert row is not None
                assert [row.debits_posted, row.credits_posted] == posted
                assert [row.debits_pending, row.credits_pending] == self.model.pending[name]

    @invariant()
    def one_root(self) -> None:
        """Two stores, one root."""
        assert self.writers[0].head.root == self.writers[1].head.root

    @override
    def teardown(self) -> None:
        for store in self.stores:
            assert fsck(store) == ()
            store.close()
        self.folder.cleanup()


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=40, stateful_step_count=25)
