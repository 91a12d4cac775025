"""A settlement over the wire, from order to rest, and what its people do with it on the way."""

from pathlib import Path

from bridge.core.ids import SettlementId
from bridge.core.registers import Lane, Shut
from bridge.core.settlement import Stage
from bridge.notary.state.rows import PreparedRow
from tests.api.front import front, order
from tests.notary.ledgers import LI, WANG, ZHAO


async def test_an_order_is_sent_consented_settled_and_told(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        of = await desk.send()
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        shown = (await desk.ask("GET", f"/v1/settlements/{of}")).json
        assert (shown["stage"], shown["stop"], shown["waiting"]) == ("settled", "", "")
        assert shown["payment"] == {"currency": "HKD", "amount": "1000.00"}
        stages = [step["stage"] for step in shown["steps"]]
        assert stages[0] == "proposed"
        assert stages[-1] == "settled"
        events = {step["stage"]: step["event"] for step in shown["steps"]}
        assert events["locking"] == "PolicyCleared"
        assert events["settled"] == "AssetAssigned"
        same = (await desk.ask("GET", f"/v1/uetrs/{shown['uetr']}")).json
        assert same == shown
        made = [row for _, row in desk.water.journal.view.scan("prepared", f"{of}/", 10)]
        sent = {row.tx for row in made if isinstance(row, PreparedRow)}
        assert len(sent) >= 4  # a mint, a payment, a burn, an assignment
        for name in (*sent, *(name.upper() for name in sent)):
            assert (await desk.ask("GET", f"/v1/transactions/{name}")).json == shown
        assert (await desk.ask("GET", "/v1/transactions/0xab")).status == 404
        postings = (await desk.ask("GET", f"/v1/settlements/{of}/postings")).json["items"]
        assert {(one["units"], one["state"]) for one in postings} >= {("10", "posted")}


async def test_the_status_says_why_a_lane_is_shut_though_people_opened_it(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:

        def shut(lane: Lane) -> Shut | None:
            return Shut("LQ-LOCK-LIFE", "too short", "make it longer") if at == lane.id else None

        lanes = {one["id"]: one for one in (await desk.ask("GET", "/v1/status")).json["lanes"]}
        assert {one["state"] for one in lanes.values()} == {"open"}
        assert {one["why"] + one["remedy"] for one in lanes.values()} == {""}
        at = min(lanes)
        desk.water.ring.shut = shut
        told = {one["id"]: one for one in (await desk.ask("GET", "/v1/status")).json["lanes"]}
        assert told.pop(at) == {
            "id": at, "state": "shut", "why": "LQ-LOCK-LIFE: too short", "remedy": "make it longer",
        }  # fmt: skip
        assert all(told[one] == lanes[one] for one in told)


async def test_a_simulation_writes_nothing_and_agrees_with_what_is_sent(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        body, before = order(desk.water), desk.water.journal.head.seq
        told = await desk.ask("POST", "/v1/settlements:simulate", body)
        assert told.status == 200
        assert {check["answer"] for check in told.json["checks"]} == {"yes"}
        assert desk.water.journal.head.seq == before
        sent = await desk.ask("POST", "/v1/settlements", body)
        assert sent.json["terms"] == told.json["terms"]
        assert sent.json["consents"] == told.json["consents"]


async def test_a_repeated_request_gets_its_first_answer(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        body, key = order(desk.water), {"Idempotency-Key": "once"}
        first = await desk.ask("POST", "/v1/settlements", body, headers=key)
        written = desk.water.journal.head.seq
        again = await desk.ask("POST", "/v1/settlements", body, headers=key)
        assert (again.status, again.json) == (201, first.json)
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        other = await desk.ask("POST", "/v1/settlements", order(desk.water, 2), headers=key)
        assert (other.status, other.json["code"]) == (409, "LQ-IDEMPOTENCY")
        assert desk.water.journal.head.seq == written


async def test_a_cancel_is_proposed_by_one_and_decided_by_another(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
        of = sent.json["settlement"]
        made = await desk.ask("POST", f"/v1/settlements/{of}:cancel", {"reason": "buyer withdrew"})
        assert (made.status, made.json["state"]) == (202, "open")
        assert (await desk.ask("GET", f"/v1/settlements/{of}")).json["proposals"] == [
            made.json["id"]
        ]
        own = await desk.decide(made.json, "approve", LI)
        assert (own.status, own.json["code"]) == (403, "LQ-MAKER-CHECKER")
        done = await desk.decide(made.json, "approve", WANG)
        assert (done.status, done.json["state"]) == (200, "done")
        late = await desk.decide(made.json, "approve", ZHAO)
        assert (late.status, late.json["code"]) == (409, "LQ-PROPOSAL-CLOSED")
        assert (await desk.ask("GET", f"/v1/settlements/{of}")).json["stage"] == "rejected"


async def test_what_is_at_rest_asks_nobody_to_decide(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        of = (await desk.ask("POST", "/v1/settlements", order(desk.water))).json["settlement"]
        cancel, why = f"/v1/settlements/{of}:cancel", {"reason": "buyer withdrew"}
        first, second = [(await desk.ask("POST", cancel, why)).json for _ in range(2)]
        assert (await desk.ask("GET", "/v1/status")).json["approvals"] == "2"
        await desk.decide(first, "approve", WANG)
        assert (await desk.ask("GET", "/v1/status")).json["approvals"] == "0"
        assert (await desk.ask("GET", "/v1/proposals?state=open")).json["items"] == []
        (void,) = (await desk.ask("GET", "/v1/proposals?state=void")).json["items"]
        one = (await desk.ask("GET", f"/v1/proposals/{second['id']}")).json
        assert (void, one["state"]) == (one, "void")


async def test_a_freeze_works_at_once_and_its_thaw_takes_two(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
        of = sent.json["settlement"]
        frozen = await desk.ask(
            "POST", "/v1/freezes", {"scope": f"settlement/{of}", "reason": "an order of a court"}
        )
        assert frozen.status == 201
        assert (await desk.ask("GET", f"/v1/settlements/{of}")).json["stop"] == "frozen"
        made = await desk.ask(
            "POST",
            f"/v1/settlements/{of}:thaw",
            {"way": "give_back", "reason": "the court says so"},
            who=WANG,
        )
        assert made.status == 202
        done = await desk.decide(made.json, "approve", ZHAO)
        assert done.status == 200, done.raw
        assert (await desk.ask("GET", f"/v1/settlements/{of}")).json["stage"] == "rejected"


async def test_a_paused_lane_takes_no_order(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        paused = await desk.ask("POST", "/v1/lanes/sz-hk:pause", {"reason": "odd traffic"})
        assert paused.json["row"]["paused"] == "odd traffic"
        shut = await desk.ask("POST", "/v1/settlements", order(desk.water))
        assert (shut.status, shut.json["code"]) == (422, "LQ-LANE-SHUT")
        status = (await desk.ask("GET", "/v1/status")).json
        assert ("sz-hk", "paused") in {(one["id"], one["state"]) for one in status["lanes"]}


async def test_events_are_told_once_each_and_resume_where_they_were_left(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        of = await desk.send()
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        whole = (await desk.ask("GET", f"/v1/settlements/{of}/events")).raw.decode()
        ids = [line[4:] for line in whole.splitlines() if line.startswith("id: ")]
        assert ids == sorted(set(ids), key=int)
        assert '"type": "lianqiao.order"' in whole
        assert '"to": "settled"' in whole
        middle = ids[len(ids) // 2]
        rest = await desk.ask(
            "GET", f"/v1/settlements/{of}/events", headers={"Last-Event-ID": middle}
        )
        lines = rest.raw.decode().splitlines()
        assert [line[4:] for line in lines if line.startswith("id: ")] == [
            one for one in ids if int(one) > int(middle)
        ]
