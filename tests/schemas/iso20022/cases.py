"""All that is judged in tests: right messages, edges, faults."""

from dataclasses import replace

from tests.schemas.iso20022 import edges_base, edges_market
from tests.schemas.iso20022.edges import EDGES
from tests.schemas.iso20022.faults import RIGHT, Fault, Told
from tests.schemas.iso20022.faults_answers import ANSWERS
from tests.schemas.iso20022.faults_cbpr import CBPR_TRANSFERS
from tests.schemas.iso20022.faults_cbpr_answers import CBPR_ANSWERS
from tests.schemas.iso20022.faults_correlation import CORRELATION
from tests.schemas.iso20022.faults_each import EACH
from tests.schemas.iso20022.faults_header import HEADER
from tests.schemas.iso20022.faults_markets import ADDRESSES, CHARACTERS, OTHERS
from tests.schemas.iso20022.faults_transfers import TRANSFERS
from tests.schemas.iso20022.faults_values import ENVELOPE, VALUES

assert edges_base.P8, "its messages are kept when it is read"
assert edges_market.P8, "its messages are kept when it is read"
ALL_RIGHT: dict[str, Told] = RIGHT | EDGES
_FAULTS: list[Fault] = [
    *ENVELOPE,
    *VALUES,
    *TRANSFERS,
    *ANSWERS,
    *HEADER,
    *CBPR_TRANSFERS,
    *CBPR_ANSWERS,
    *ADDRESSES,
    *CHARACTERS,
    *OTHERS,
    *CORRELATION,
    *EACH,
]
# The two years of CBPR+ differ by their days only: what is wrong in one is wrong in the other.
FAULTS: list[Fault] = _FAULTS + [
    replace(fault, told=replace(fault.told, profile="cbpr+2025"))
    for fault in _FAULTS
    if fault.told.profile == "cbpr+2026"
]
