// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// What forge's own address does for a test.
interface Cheats {
    function warp(uint256 seconds_) external;
    function prank(address by) external;
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
}

Cheats constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
