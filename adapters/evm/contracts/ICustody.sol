// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ticket} from "./Ticket.sol";

/// What holds one kind of asset for the escrow and hides whether the chain is its home or not.
interface ICustody {
    /// Take the asset from `t.party`; what of the asset is in the bridge now.
    function take(Ticket calldata t) external returns (uint256 outstanding);

    /// Give a taken asset back to `t.party`.
    function giveBack(Ticket calldata t) external;

    /// Give a created asset to `t.party`; whether nothing more is needed of them.
    function handOver(Ticket calldata t) external returns (bool done);

    /// Whether `t.party` has done what `handOver` left to them.
    function accepted(Ticket calldata t) external returns (bool done);

    /// Make the asset available for `t`, from backing or anew; what is in the bridge now.
    function create(Ticket calldata t) external returns (uint256 outstanding);

    /// Undo `take` or `create` by moving the asset to the counterpart's account.
    function destroy(Ticket calldata t) external;
}
