// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// One governor, a timelock once the set is in force. It changes in two steps: a mistyped address
/// never takes the seat.
abstract contract Governed {
    address public governor;
    address public nextGovernor;

    event GovernorNamed(address indexed next);
    event GovernorChanged(address indexed former, address indexed governor);

    error NotGovernor();
    error NoGovernor();

    modifier onlyGovernor() {
        if (msg.sender != governor) revert NotGovernor();
        _;
    }

    constructor(address first) {
        if (first == address(0)) revert NoGovernor();
        governor = first;
        emit GovernorChanged(address(0), first);
    }

    function nameGovernor(address next) external onlyGovernor {
        nextGovernor = next;
        emit GovernorNamed(next);
    }

    function acceptGovernor() external {
        if (msg.sender != nextGovernor) revert NotGovernor();
        emit GovernorChanged(governor, msg.sender);
        governor = msg.sender;
        nextGovernor = address(0);
    }
}
