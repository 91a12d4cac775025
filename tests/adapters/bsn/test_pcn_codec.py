"""The signed text of every message of the data is built, and no wrong text is."""

import json
from pathlib import Path

import pytest

from adapters.bsn.pcn_codec import MessageRefused, push_text, request_text, response_text


def test_every_text_of_the_data_is_built_or_avoided(data_dir: Path) -> None:
    kinds = set()
    for name in ("gateway-mac-vectors.json", "gateway-mac-derived.json"):
        for case in json.loads((data_dir / "bsn" / name).read_text("utf-8"))["vectors"]:
            header, body, kind = case["header"], case["body"], case["kind"]
            kinds.add(kind)
            if kind == "request":
                texts = {request_text(case["path"], header, body)}
            elif kind == "push":
                texts = {push_text(case["chain"], header, body)}
            else:
                texts = {
                    response_text(case["path"], header, body, zeros=zeros)
                    for zeros in (False, True)
                }
            assert (case["text"] in texts) is (case["case"] != "wrong text"), case["id"]
    assert kinds == {"request", "response", "push"}


@pytest.mark.parametrize("height", ["8", True, 8.0, 1 << 63, [8]])
def test_a_number_is_a_number(height: object) -> None:
    path, header = "/api/fabric/v1/node/getLedgerInfo", {"code": 0, "msg": "success"}
    assert response_text(path, header, {"height": 8}) == "0success8"
    with pytest.raises(MessageRefused):
        response_text(path, header, {"height": height})


def test_an_unknown_end_point_has_no_text() -> None:
    with pytest.raises(MessageRefused):
        request_text("/api/nothing", {"userCode": "u", "appCode": "a"}, None)
