// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {Acts, Ticket} from "./Ticket.sol";
import {Brakes} from "./Brakes.sol";
import {Domain} from "./Domain.sol";
import {NotarySet} from "./NotarySet.sol";

/// The verbs of a settlement on this chain. It holds no value: a custody does.
///
/// One slot a side for each settlement, written before any outside call. Release and unmint of an
/// unused id are its fence: after them a late lock or mint of that settlement can never land.
contract Escrow is Brakes, Domain, ReentrancyGuard {
    enum State {
        NONE,
        OPEN,
        SPENT,
        DONE,
        ESCAPED,
        DELIVERING
    }

    struct Slot {
        bytes32 ticket;
        State state;
        uint64 since;
        uint64 heldUntil; // origin: no release and no escape before it
        uint64 vetoedUntil; // destination: no assign before it
    }

    uint256 private constant LONGEST_HOLD = 180 days;
    uint256 private constant SHORTEST_ESCAPE = 30 days;

    NotarySet public immutable NOTARIES;
    uint256 public immutable ESCAPE_AFTER; // seconds

    mapping(bytes32 => Slot) public origin;
    mapping(bytes32 => Slot) public destination;
    mapping(bytes32 => bytes32) public delivering; // the evidence of a title's assign under way
    mapping(bytes32 => bool) public holdSeen; // a hold's digest: an ended hold cannot be replayed

    event Locked(
        bytes32 indexed settlement,
        address indexed asset,
        address indexed party,
        uint256 tokenId,
        uint256 amount,
        bytes32 counterpart,
        bytes32 terms
    );
    event Minted(
        bytes32 indexed settlement,
        address indexed asset,
        address indexed party,
        uint256 tokenId,
        uint256 amount,
        bytes32 counterpart,
        bytes32 terms,
        bytes32 evidence,
        bytes32 verdict
    );
    event Released(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, bytes32 evidence);
    event Burned(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, bytes32 evidence);
    event Unminted(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, bytes32 evidence);
    event HandedOver(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, bytes32 evidence);
    event Assigned(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, bytes32 evidence);
    event Escaped(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount);
    event Held(bytes32 indexed settlement, address indexed asset, address indexed party, uint256 tokenId, uint256 amount, uint64 until, bytes32 evidence);
    event Vetoed(bytes32 indexed settlement, uint64 until);
    event VetoLifted(bytes32 indexed settlement);

    error BadTicket();
    error BadConsent();
    error BadEscape();
    error Late();
    error Fenced();
    error WrongTicket();
    error WrongState();
    error OnHold();
    error Replayed();
    error TooLong();
    error NoNotaries();

    constructor(
        address governor_,
        address guardian_,
        NotarySet notaries,
        uint256 escapeAfter,
        bytes32 genesis
    ) Brakes(governor_, guardian_) Domain(genesis) {
        if (address(notaries).code.length == 0) revert NoNotaries();
        if (escapeAfter < SHORTEST_ESCAPE) revert BadEscape();
        NOTARIES = notaries;
        ESCAPE_AFTER = escapeAfter;
    }

    /// Asked by an operator, so that nobody squats an id, with the word of the holder.
    function lock(Ticket calldata t, uint64 notAfter, bytes calldata consent) external nonReentrant {
        if (!isOperator[msg.sender]) revert NotOperator();
        if (block.timestamp > notAfter) revert Late();
        bytes32 ticket = _checked(t);
        Slot storage slot = origin[t.settlement];
        _unused(slot);
        Asset storage a = _enter(t.asset);
        _consented(t.party, _digest(keccak256(abi.encode(Acts.LOCK, ticket, notAfter))), consent);
        _open(slot, ticket);
        emit Locked(t.settlement, t.asset, t.party, t.tokenId, t.amount, t.counterpart, t.terms);
        if (a.custody.take(t) > a.cap) revert OverCap();
    }

    /// Give the lock back; of an unused id: its fence.
    function release(Ticket calldata t, bytes32 evidence, uint64 epoch, bytes calldata sigs)
        external
        nonReentrant
    {
        bytes32 ticket = _checked(t);
        Slot storage slot = origin[t.settlement];
        bool fence = _undone(slot, ticket);
        if (block.timestamp < slot.heldUntil) revert OnHold();
        _attested(Acts.RELEASE, ticket, evidence, epoch, sigs);
        slot.state = State.SPENT;
        emit Released(t.settlement, t.asset, t.party, t.tokenId, fence ? 0 : t.amount, evidence);
        if (!fence) assets[t.asset].custody.giveBack(t);
    }

    /// The point of no return: what was locked here belongs to the counterpart now.
    function burn(Ticket calldata t, bytes32 evidence, bytes32 verdict, uint64 epoch, bytes calldata sigs)
        external
        nonReentrant
    {
        bytes32 ticket = _checked(t);
        Slot storage slot = origin[t.settlement];
        _is(slot, State.OPEN, ticket);
        bytes32 act = keccak256(abi.encode(Acts.BURN, ticket, evidence, verdict, epoch));
        NOTARIES.verify(epoch, _digest(act), sigs, false);
        slot.state = State.DONE;
        emit Burned(t.settlement, t.asset, t.party, t.tokenId, t.amount, evidence);
        assets[t.asset].custody.destroy(t);
    }

    /// Make the asset here, in custody; `t.party` is fixed from now on.
    function mint(
        Ticket calldata t,
        bytes32 evidence,
        bytes32 verdict,
        uint64 epoch,
        uint64 notAfter,
        bytes calldata sigs
    ) external nonReentrant {
        if (block.timestamp > notAfter) revert Late();
        bytes32 ticket = _checked(t);
        Slot storage slot = destination[t.settlement];
        _unused(slot);
        Asset storage a = _enter(t.asset);
        bytes32 act = keccak256(abi.encode(Acts.MINT, ticket, evidence, verdict, epoch, notAfter));
        NOTARIES.verify(epoch, _digest(act), sigs, true);
        _draw(a, t.amount);
        _open(slot, ticket);
        _minted(t, evidence, verdict);
        if (a.custody.create(t) > a.cap) revert OverCap();
    }

    /// Undo the mint; of an unused id: its fence.
    function unmint(Ticket calldata t, bytes32 evidence, uint64 epoch, bytes calldata sigs)
        external
        nonReentrant
    {
        bytes32 ticket = _checked(t);
        Slot storage slot = destination[t.settlement];
        bool fence = _undone(slot, ticket);
        _attested(Acts.UNMINT, ticket, evidence, epoch, sigs);
        slot.state = State.SPENT;
        emit Unminted(t.settlement, t.asset, t.party, t.tokenId, fence ? 0 : t.amount, evidence);
        if (fence) return;
        Asset storage a = assets[t.asset];
        _refund(a, t.amount);
        a.custody.destroy(t);
    }

    /// Give what was minted to the party the mint fixed.
    function assign(Ticket calldata t, bytes32 evidence, uint64 epoch, bytes calldata sigs)
        external
        nonReentrant
    {
        bytes32 ticket = _checked(t);
        Slot storage slot = destination[t.settlement];
        _is(slot, State.OPEN, ticket);
        if (block.timestamp < slot.vetoedUntil) revert Halted();
        Asset storage a = assets[t.asset];
        _leave(a, t.amount, slot.since);
        _attested(Acts.ASSIGN, ticket, evidence, epoch, sigs);
        slot.state = State.DONE;
        if (a.custody.handOver(t)) {
            emit Assigned(t.settlement, t.asset, t.party, t.tokenId, t.amount, evidence);
        } else {
            slot.state = State.DELIVERING;
            delivering[t.settlement] = evidence;
            emit HandedOver(t.settlement, t.asset, t.party, t.tokenId, t.amount, evidence);
        }
    }

    /// Hand a title over again that its recipient bounced.
    function deliver(Ticket calldata t) external nonReentrant {
        _is(destination[t.settlement], State.DELIVERING, _checked(t));
        assets[t.asset].custody.handOver(t);
    }

    /// Tell that the recipient has accepted a title.
    function confirm(Ticket calldata t) external nonReentrant {
        Slot storage slot = destination[t.settlement];
        _is(slot, State.DELIVERING, _checked(t));
        slot.state = State.DONE;
        emit Assigned(t.settlement, t.asset, t.party, t.tokenId, t.amount, delivering[t.settlement]);
        if (!assets[t.asset].custody.accepted(t)) revert WrongState();
    }

    /// For holders whose gateway died: anyone may give a lock back long after any settlement.
    function escape(Ticket calldata t) external nonReentrant {
        Slot storage slot = origin[t.settlement];
        _is(slot, State.OPEN, _checked(t));
        if (block.timestamp < slot.since + ESCAPE_AFTER) revert NotYet();
        if (block.timestamp < slot.heldUntil) revert OnHold();
        slot.state = State.ESCAPED;
        emit Escaped(t.settlement, t.asset, t.party, t.tokenId, t.amount);
        assets[t.asset].custody.giveBack(t);
    }

    /// Stop release and escape of one slot until a time; an earlier time ends it.
    function hold(Ticket calldata t, uint64 until, bytes32 evidence, uint64 epoch, bytes calldata sigs)
        external
        nonReentrant
    {
        bytes32 ticket = _checked(t);
        Slot storage slot = origin[t.settlement];
        if (slot.state != State.NONE) _is(slot, State.OPEN, ticket);
        if (until > block.timestamp + LONGEST_HOLD) revert TooLong();
        bytes32 act = _digest(keccak256(abi.encode(Acts.HOLD, ticket, until, evidence, epoch)));
        if (holdSeen[act]) revert Replayed();
        NOTARIES.verify(epoch, act, sigs, false);
        holdSeen[act] = true;
        slot.heldUntil = until;
        emit Held(t.settlement, t.asset, t.party, t.tokenId, t.amount, until, evidence);
    }

    /// A watchtower has seen no lock behind a mint: no assign of it. One veto of the guardian a
    /// settlement, which lapses; the governor's stands until lifted.
    function veto(bytes32 settlement) external onlyGuardian {
        Slot storage slot = destination[settlement];
        uint64 until = type(uint64).max;
        if (msg.sender != governor) {
            if (slot.vetoedUntil != 0) revert NotYet();
            until = uint64(block.timestamp + LAPSE);
        }
        slot.vetoedUntil = until;
        emit Vetoed(settlement, until);
    }

    function liftVeto(bytes32 settlement) external onlyGovernor {
        destination[settlement].vetoedUntil = 1; // long past, and not a first veto any more
        emit VetoLifted(settlement);
    }

    function _checked(Ticket calldata t) private pure returns (bytes32) {
        if (uint128(uint256(t.settlement)) != 0 || t.settlement == 0) revert BadTicket();
        if (t.amount == 0 || t.amount > type(uint128).max) revert BadTicket();
        if (t.party == address(0) || t.terms == 0 || t.counterpart == 0) revert BadTicket();
        return Acts.hash(t);
    }

    function _unused(Slot storage slot) private view {
        if (slot.state == State.SPENT) revert Fenced();
        if (slot.state != State.NONE) revert WrongState();
    }

    function _open(Slot storage slot, bytes32 ticket) private {
        slot.ticket = ticket;
        slot.state = State.OPEN;
        slot.since = uint64(block.timestamp);
    }

    function _undone(Slot storage slot, bytes32 ticket) private view returns (bool fence) {
        fence = slot.state == State.NONE;
        if (!fence) _is(slot, State.OPEN, ticket);
    }

    function _is(Slot storage slot, State state, bytes32 ticket) private view {
        if (slot.state != state) revert WrongState();
        if (slot.ticket != ticket) revert WrongTicket();
    }

    function _attested(bytes32 verb, bytes32 ticket, bytes32 evidence, uint64 epoch, bytes calldata sigs)
        private
        view
    {
        bytes32 act = keccak256(abi.encode(verb, ticket, evidence, epoch));
        NOTARIES.verify(epoch, _digest(act), sigs, false);
    }

    function _minted(Ticket calldata t, bytes32 evidence, bytes32 verdict) private {
        emit Minted(
            t.settlement, t.asset, t.party, t.tokenId, t.amount, t.counterpart, t.terms, evidence, verdict
        );
    }

    /// The holder speaks by sending, by a signature, or through their contract. The signature is
    /// tried first: an account under EIP-7702 has code and still signs with its key.
    function _consented(address holder, bytes32 digest, bytes calldata consent) private view {
        if (msg.sender == holder) return;
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecover(digest, consent);
        if (err == ECDSA.RecoverError.NoError && signer == holder) return;
        if (holder.code.length == 0) revert BadConsent();
        (bool ok, bytes memory said) =
            holder.staticcall(abi.encodeCall(IERC1271.isValidSignature, (digest, consent)));
        if (!ok || said.length < 32 || abi.decode(said, (bytes32)) != bytes32(IERC1271.isValidSignature.selector)) {
            revert BadConsent();
        }
    }

    function _name() internal pure override returns (string memory) {
        return "Lianqiao Escrow";
    }
}
