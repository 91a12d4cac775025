"""The kinds of rule: a closed set, one a file; a pack only fills their parameters.

Holds:   one test per kind, over the order and the dossier
Knows:   verdict, dossier, params, core
Never:   names a figure of law; looks at a balance; answers for another rule
Enters:  KINDS, read by packs.load
Proof:   tests/policy/rules
"""

from collections.abc import Mapping
from typing import Final

from bridge.policy.params import Kind
from bridge.policy.rules import (
    balance_cap,
    currency_restriction,
    document_set,
    four_eyes,
    instrument_admissibility,
    list_freshness,
    net_aggregate_quota,
    person_period_quota,
    screening,
)

KINDS: Final[Mapping[str, Kind]] = {
    one.name: one
    for one in (
        balance_cap.KIND,
        currency_restriction.KIND,
        document_set.KIND,
        four_eyes.KIND,
        instrument_admissibility.KIND,
        list_freshness.KIND,
        net_aggregate_quota.KIND,
        person_period_quota.KIND,
        screening.KIND,
    )
}
