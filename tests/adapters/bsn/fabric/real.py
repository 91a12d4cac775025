"""What tests look at on a real Fabric network beside what its users do."""

from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_layout import CHANNEL


async def whole_block(client: FabricClient, index: int) -> bytes:
    """The bytes of a block, as our own peer has it."""
    args = (b"GetBlockByNumber", CHANNEL.encode(), str(index).encode())
    return await client._evaluated(client._proposed(args, "qscc"))
