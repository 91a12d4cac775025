"""The contract set: Solidity sources, and the artifacts compiled from them.

Holds:   Escrow, NotarySet, the custodies, the twins; build.py, artifacts/, toolchain/
Knows:   one compiler and one library, both pinned in toolchain/package-lock.json
Never:   a proxy, a native coin, an artifact that was not rebuilt byte for byte in CI
Enters:  code.artifact; python3 -m adapters.evm.contracts.build [--check]
Proof:   tests/adapters/evm/contracts
"""
