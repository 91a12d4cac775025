// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {RepresentationToken} from "../src/RepresentationToken.sol";
import {Ticket} from "../src/Ticket.sol";
import {TwinVault} from "../src/TwinVault.sol";
import {Vault} from "../src/Vault.sol";
import {Crossings} from "./Crossings.sol";

/// What holds after every step, whatever the steps were. What a step itself may not do stands where
/// it is taken: I3, I6, I7 and I9 in `Crossings`. Titles, I11, have real ones in `test_titles.py`.
contract Invariants {
    struct Selectors {
        address addr;
        bytes4[] selectors;
    }

    Crossings private immutable WORLD = new Crossings();

    function setUp() external {
        WORLD.begin();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(WORLD);
    }

    function excludeSelectors() external view returns (Selectors[] memory left) {
        left = new Selectors[](1);
        left[0] = Selectors(address(WORLD), new bytes4[](1));
        left[0].selectors[0] = Crossings.begin.selector;
    }

    /// The adversary is no straw man: of these steps each lands.
    function test_every_verb_lands_and_a_halted_door_still_gives_back() external {
        WORLD.order(true, 99, 0, 1, 1);
        WORLD.halt(false, true);
        WORLD.halt(true, true);
        WORLD.carryOn(1, 5);
        WORLD.halt(false, false);
        WORLD.order(true, 99, 1, 2, 0);
        for (uint256 i = 0; i < 2; ++i) WORLD.later(5);
        WORLD.escape(2);
        for (uint256 verb = 0; verb < 6; ++verb) require(WORLD.landed(verb) > 0, "a verb never lands");
        require(WORLD.landed(7) == 1, "nobody escapes");
    }

    function invariant_nothing_is_lost_or_doubled() external view {
        _theVaultHoldsWhatItOwesButForWhatACourtTook();
        _whatIsHeldStandsInOpenSlots();
        _assignedIsBurnedAndNeverGivenBack();
        _noTwinWithoutItsOriginal();
        require(!WORLD.overfilled(0) && !WORLD.overfilled(1), "I10");
    }

    /// I12: what no verb moved shows.
    function _theVaultHoldsWhatItOwesButForWhatACourtTook() private view {
        (uint128 held, uint128 backed) = WORLD.vault().accounts(address(WORLD.share()));
        uint256 there = WORLD.share().balanceOf(address(WORLD.vault()));
        require(there + WORLD.seized() == uint256(held) + backed, "I1");
    }

    function _whatIsHeldStandsInOpenSlots() private view {
        (uint128 held,) = WORLD.vault().accounts(address(WORLD.share()));
        require(held == _open(true), "I2 at home");
        require(WORLD.twin().balanceOf(address(WORLD.twinVault())) == _open(false), "I2 away");
    }

    function _assignedIsBurnedAndNeverGivenBack() private view {
        for (uint256 i = 0; i < WORLD.count(); ++i) {
            (Escrow.State first, Escrow.State second) = WORLD.states(i);
            if (second != Escrow.State.DONE) continue;
            require(first == Escrow.State.DONE, "I8");
            (, Ticket memory origin, Ticket memory destination) = WORLD.tickets(i);
            require(origin.amount == destination.amount && origin.terms == destination.terms, "I4");
        }
    }

    function _noTwinWithoutItsOriginal() private view {
        RepresentationToken twin = WORLD.twin();
        TwinVault custody = WORLD.twinVault();
        require(custody.issued(address(twin), keccak256("home")) == twin.totalSupply(), "I5 issued");
        uint256 waiting = 0; // burned here already, and not yet handed over there
        for (uint256 i = 0; i < WORLD.count(); ++i) {
            (bool outward,, Ticket memory destination) = WORLD.tickets(i);
            (, Escrow.State second) = WORLD.states(i);
            if (!outward && second == Escrow.State.OPEN) waiting += destination.amount;
        }
        uint256 backing = WORLD.vault().backing(address(WORLD.share()), keccak256("away"));
        require(twin.totalSupply() - twin.balanceOf(address(custody)) <= backing + waiting, "I5");
    }

    function _open(bool atHome) private view returns (uint256 sum) {
        for (uint256 i = 0; i < WORLD.count(); ++i) {
            (bool outward, Ticket memory origin, Ticket memory destination) = WORLD.tickets(i);
            (Escrow.State first, Escrow.State second) = WORLD.states(i);
            Escrow.State here = outward == atHome ? first : second;
            if (here == Escrow.State.OPEN) sum += (outward == atHome ? origin : destination).amount;
        }
    }
}
