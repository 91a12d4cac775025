// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Domain} from "./Domain.sol";
import {Governed} from "./Governed.sol";
import {ICustody} from "./ICustody.sol";
import {NotarySet} from "./NotarySet.sol";

/// Who may move what is in custody: the escrow named at deployment, and successors that both the
/// governor and the notaries of a live epoch have named. No escrow is ever removed: it must be
/// able to give back what it took.
abstract contract Custody is ICustody, Governed, Domain {
    bytes32 private constant SUCCESSOR = keccak256("Successor(address next,uint64 epoch)");

    NotarySet public immutable NOTARIES;
    address public immutable FIRST; // the escrow of deployment, read without touching storage
    mapping(address => bool) public isEscrow;

    event EscrowJoined(address indexed escrow);

    error NotEscrow();
    error NoCode(address where);
    error AlreadyJoined();

    modifier onlyEscrow() {
        if (msg.sender != FIRST && !isEscrow[msg.sender]) revert NotEscrow();
        _;
    }

    constructor(address first, address escrow, NotarySet notaries, bytes32 genesis)
        Governed(first)
        Domain(genesis)
    {
        if (address(notaries).code.length == 0) revert NoCode(address(notaries));
        NOTARIES = notaries;
        FIRST = escrow;
        _join(escrow);
    }

    function succeed(address next, uint64 epoch, bytes calldata sigs) external onlyGovernor {
        NOTARIES.verify(epoch, _digest(keccak256(abi.encode(SUCCESSOR, next, epoch))), sigs, true);
        _join(next);
    }

    function _join(address escrow) private {
        if (escrow.code.length == 0) revert NoCode(escrow);
        if (isEscrow[escrow]) revert AlreadyJoined();
        isEscrow[escrow] = true;
        emit EscrowJoined(escrow);
    }

    function _name() internal pure override returns (string memory) {
        return "Lianqiao Custody";
    }
}
