"""The exam every network and rail passes: shipped, so that strangers sit it too.

Holds:   the cards of origins, destinations and rails, the bench they are laid on, faults
Knows:   ports, core, pytest
Never:   an adapter by name; a skip whose reason is not a capability that is missing
Enters:  OriginConformance, DestinationConformance, RailConformance; subclass and give a `bench`
Proof:   tests/adapters/conformance: planted bugs that the cards must find
"""

from pkgutil import iter_modules

import pytest

# pytest rewrites only what lies among tests: else a stranger's failed card says no values
pytest.register_assert_rewrite(*(f"{__name__}.{one.name}" for one in iter_modules(__path__)))
