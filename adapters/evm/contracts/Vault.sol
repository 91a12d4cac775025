// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Custody} from "./Custody.sol";
import {NotarySet} from "./NotarySet.sol";
import {Ticket} from "./Ticket.sol";

/// Custody of tokens that are at home on this chain: ERC-20 and ERC-3643.
///
/// Backing is counted for each counterpart: a fallen network can only draw on its own part.
contract Vault is Custody {
    using SafeERC20 for IERC20;

    struct Account {
        uint128 held; // in open slots
        uint128 backed; // behind twins, of all counterparts
    }

    mapping(address => Account) public accounts;
    mapping(address => mapping(bytes32 => uint256)) public backing;

    event LossDeclared(address indexed asset, bytes32 indexed counterpart, uint256 amount);

    error Shortfall();
    error NoBacking();
    error NotReceived(uint256 expected, uint256 received);

    constructor(address first, address escrow, NotarySet notaries, bytes32 genesis)
        Custody(first, escrow, notaries, genesis)
    {}

    function take(Ticket calldata t) external onlyEscrow returns (uint256) {
        _plain(t);
        IERC20 token = IERC20(t.asset);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(t.party, address(this), t.amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != t.amount) revert NotReceived(t.amount, received);
        Account storage a = accounts[t.asset];
        a.held += uint128(t.amount);
        return uint256(a.held) + a.backed;
    }

    function giveBack(Ticket calldata t) external onlyEscrow {
        _give(t);
    }

    function handOver(Ticket calldata t) external onlyEscrow returns (bool) {
        _give(t);
        return true;
    }

    function accepted(Ticket calldata) external view onlyEscrow returns (bool) {
        return true;
    }

    function create(Ticket calldata t) external onlyEscrow returns (uint256) {
        _plain(t);
        uint256 behind = backing[t.asset][t.counterpart];
        if (behind < t.amount) revert NoBacking();
        backing[t.asset][t.counterpart] = behind - t.amount;
        Account storage a = accounts[t.asset];
        a.backed -= uint128(t.amount);
        a.held += uint128(t.amount);
        return uint256(a.held) + a.backed;
    }

    function destroy(Ticket calldata t) external onlyEscrow {
        Account storage a = accounts[t.asset];
        a.held -= uint128(t.amount);
        a.backed += uint128(t.amount);
        backing[t.asset][t.counterpart] += t.amount;
    }

    /// After a seizure: one counterpart's part of the loss, so that the others can be given back.
    /// The governor names each part in proportion; the twins there are cut by their issuer.
    function declareLoss(address asset, bytes32 counterpart, uint128 amount) external onlyGovernor {
        Account storage a = accounts[asset];
        if (IERC20(asset).balanceOf(address(this)) + amount > uint256(a.held) + a.backed) revert NoBacking();
        if (backing[asset][counterpart] < amount) revert NoBacking();
        backing[asset][counterpart] -= amount;
        a.backed -= amount;
        emit LossDeclared(asset, counterpart, amount);
    }

    function _give(Ticket calldata t) private {
        Account storage a = accounts[t.asset];
        uint256 owed = uint256(a.held) + a.backed;
        // Where something was seized nobody runs for the rest.
        if (IERC20(t.asset).balanceOf(address(this)) < owed) revert Shortfall();
        a.held -= uint128(t.amount);
        IERC20(t.asset).safeTransfer(t.party, t.amount);
    }

    function _plain(Ticket calldata t) private view {
        if (t.tokenId != 0) revert NotReceived(0, t.tokenId);
        if (t.asset.code.length == 0) revert NoCode(t.asset);
    }
}
