// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What every verb acts on. Its typed hash is the content of a slot: calldata brings the ticket
/// again and the escrow compares.
struct Ticket {
    bytes32 settlement; // the ULID's 16 bytes, then 16 zero bytes
    bytes32 terms; // SHA-256 of the order's leaf form, equal on both networks
    address asset; // token, or registry of titles
    uint256 tokenId; // 0, or the document hash of a title
    uint256 amount; // units; 1 for a title
    address party; // origin: the holder; destination: the beneficiary
    bytes32 counterpart; // keccak256 of the other network's CAIP-2 text
}

/// The typed hashes of the seven verbs. Every word that has an effect is in one of them.
/// Source: EIP-712, encodeType and hashStruct.
library Acts {
    bytes32 internal constant TICKET = keccak256(
        "Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant LOCK = keccak256(
        "Lock(Ticket ticket,uint64 notAfter)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant MINT = keccak256(
        "Mint(Ticket ticket,bytes32 evidence,bytes32 verdict,uint64 epoch,uint64 notAfter)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant BURN = keccak256(
        "Burn(Ticket ticket,bytes32 evidence,bytes32 verdict,uint64 epoch)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant ASSIGN = keccak256(
        "Assign(Ticket ticket,bytes32 evidence,uint64 epoch)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant UNMINT = keccak256(
        "Unmint(Ticket ticket,bytes32 evidence,uint64 epoch)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant RELEASE = keccak256(
        "Release(Ticket ticket,bytes32 evidence,uint64 epoch)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );
    bytes32 internal constant HOLD = keccak256(
        "Hold(Ticket ticket,uint64 until,bytes32 evidence,uint64 epoch)Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,address party,bytes32 counterpart)"
    );

    function hash(Ticket calldata t) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TICKET, t.settlement, t.terms, t.asset, t.tokenId, t.amount, t.party, t.counterpart
            )
        );
    }
}
