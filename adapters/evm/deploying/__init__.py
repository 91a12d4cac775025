"""The contract set is put on a chain from a reviewed plan, and compared with it ever after.

Holds:   the plan, its steps, how they are sent, what is compared, the commands
Knows:   the artifacts, the client, one key file
Never:   sends what was not reviewed, or a step twice
Enters:  adapters.evm.commands, adapters.evm.stand
Proof:   tests/adapters/evm/deploying
"""
