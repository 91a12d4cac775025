// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Custody} from "./Custody.sol";
import {NotarySet} from "./NotarySet.sol";
import {RepresentationTitle} from "./RepresentationTitle.sol";
import {RepresentationToken} from "./RepresentationToken.sol";
import {Ticket} from "./Ticket.sol";

/// What a twin says of itself, whether token or title.
interface ITwin {
    function HOME() external view returns (bytes32);
}

/// Custody of twins: it alone makes and unmakes them, always to and from itself.
///
/// A twin travels between its home and here only; from one twin to another would need a booking at
/// home that nobody makes yet.
contract TwinVault is Custody {
    using SafeERC20 for IERC20;

    mapping(address => mapping(bytes32 => uint256)) public issued;

    error NotHome();
    error BadTitle();
    error NotReceived(uint256 expected, uint256 received);

    constructor(address first, address escrow, NotarySet notaries, bytes32 genesis)
        Custody(first, escrow, notaries, genesis)
    {}

    function take(Ticket calldata t) external onlyEscrow returns (uint256) {
        _fromHome(t);
        if (t.tokenId != 0) {
            RepresentationTitle(t.asset).transferFrom(t.party, address(this), t.tokenId);
        } else {
            IERC20 token = IERC20(t.asset);
            uint256 before = token.balanceOf(address(this));
            token.safeTransferFrom(t.party, address(this), t.amount);
            uint256 received = token.balanceOf(address(this)) - before;
            if (received != t.amount) revert NotReceived(t.amount, received);
        }
        return issued[t.asset][t.counterpart];
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

    function create(Ticket calldata t) external onlyEscrow returns (uint256 outstanding) {
        _fromHome(t);
        outstanding = issued[t.asset][t.counterpart] + t.amount;
        issued[t.asset][t.counterpart] = outstanding;
        if (t.tokenId != 0) RepresentationTitle(t.asset).crosschainMint(address(this), t.tokenId);
        else RepresentationToken(t.asset).crosschainMint(address(this), t.amount);
    }

    function destroy(Ticket calldata t) external onlyEscrow {
        issued[t.asset][t.counterpart] -= t.amount;
        if (t.tokenId != 0) RepresentationTitle(t.asset).crosschainBurn(address(this), t.tokenId);
        else RepresentationToken(t.asset).crosschainBurn(address(this), t.amount);
    }

    function _give(Ticket calldata t) private {
        if (t.tokenId != 0) RepresentationTitle(t.asset).transferFrom(address(this), t.party, t.tokenId);
        else IERC20(t.asset).safeTransfer(t.party, t.amount);
    }

    function _fromHome(Ticket calldata t) private view {
        if (t.tokenId != 0 && t.amount != 1) revert BadTitle();
        // Tokens and titles share selectors: a title's number must never be a number of units.
        if (IERC165(t.asset).supportsInterface(type(IERC721).interfaceId) != (t.tokenId != 0)) revert BadTitle();
        if (t.counterpart != ITwin(t.asset).HOME()) revert NotHome();
    }
}
