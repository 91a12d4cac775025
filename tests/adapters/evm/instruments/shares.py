"""Who issues the share of the tests."""

from adapters.evm.instruments.erc3643 import Share
from adapters.evm.instruments.foreign import Foreign
from tests.adapters.evm.chain import Party

OWNER, AGENT, CLAIMS = Party("token owner"), Party("token agent"), Party("claim issuer")


def share_on(foreign: Foreign[Party]) -> Share[Party]:
    """A token with its registries, nobody admitted yet."""
    return Share(foreign, OWNER, AGENT, CLAIMS)
