// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The EIP-712 domain of a contract of this set, with the hash of block 0 as its salt: consortium
/// chains share chain ids, and a contract cannot read the genesis hash.
/// Source: EIP-712; ERC-5267.
abstract contract Domain {
    bytes32 internal constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant VERSION_HASH = keccak256("1");

    bytes32 private immutable GENESIS;
    bytes32 private immutable SEPARATOR;
    uint256 private immutable CHAIN;

    error NoGenesis();

    constructor(bytes32 genesis) {
        if (genesis == 0) revert NoGenesis();
        GENESIS = genesis;
        CHAIN = block.chainid;
        SEPARATOR = _build(genesis);
    }

    /// What a wallet and the adapter compare, all five members at once.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (hex"1f", _name(), "1", block.chainid, address(this), GENESIS, new uint256[](0));
    }

    /// The separator; made anew where the chain has split since deployment.
    function domainSeparator() public view returns (bytes32) {
        return block.chainid == CHAIN ? SEPARATOR : _build(GENESIS);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(), structHash));
    }

    function _name() internal pure virtual returns (string memory);

    function _build(bytes32 genesis) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256(bytes(_name())), VERSION_HASH, block.chainid, address(this), genesis
            )
        );
    }
}
