// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// The twin of a register of titles that is at home elsewhere; a title's number is the hash of its
/// document on both sides. Its custody alone makes and unmakes them.
contract RepresentationTitle is ERC721 {
    bytes32 public immutable HOME; // keccak256 of the home network's CAIP-2 text
    bytes32 public immutable HOME_ASSET; // keccak256 of the register's text there
    address public immutable CUSTODY;

    event CrosschainMint(address indexed to, uint256 tokenId, address indexed sender);
    event CrosschainBurn(address indexed from, uint256 tokenId, address indexed sender);

    error NotCustody(address caller);

    modifier onlyCustody() {
        if (msg.sender != CUSTODY) revert NotCustody(msg.sender);
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        bytes32 home,
        bytes32 homeAsset,
        address custody
    ) ERC721(name_, symbol_) {
        HOME = home;
        HOME_ASSET = homeAsset;
        CUSTODY = custody;
    }

    function crosschainMint(address to, uint256 tokenId) external onlyCustody {
        _mint(to, tokenId);
        emit CrosschainMint(to, tokenId, msg.sender);
    }

    function crosschainBurn(address from, uint256 tokenId) external onlyCustody {
        if (ownerOf(tokenId) != from) revert ERC721IncorrectOwner(from, tokenId, ownerOf(tokenId));
        _burn(tokenId);
        emit CrosschainBurn(from, tokenId, msg.sender);
    }
}
