// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Domain} from "./Domain.sol";
import {Governed} from "./Governed.sol";

/// When the notary ledger was last anchored on this chain: the notaries' sign of life.
interface ILedgerAnchor {
    function lastAnchored() external view returns (uint256);
}

/// Who signs, how many must, in which epoch. One set for the whole contract set; nobody hands a
/// verifier in.
contract NotarySet is Domain, Governed {
    struct Epoch {
        uint64 activeFrom;
        uint64 retiredAt; // 0: not retired
        uint64 closingSize; // of the ledger, where the epoch before this one closes
        uint16 threshold;
        uint16 size;
        bool vetoed;
    }

    uint256 private constant GRACE = 24 hours;
    uint256 private constant NOTICE = 48 hours;
    uint256 private constant SILENCE = 30 days;
    uint256 private constant LARGEST = 32;
    uint256 private constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    bytes32 private constant ROTATE = keccak256(
        "Rotate(uint64 newEpoch,bytes32 signersHash,uint16 threshold,uint64 activeFrom,uint64 closingSize,uint64 epoch)"
    );

    address public immutable GUARDIAN;
    ILedgerAnchor public immutable ANCHOR; // zero: no anchor, so no recovery

    uint64 public latest; // the highest epoch ever made
    uint64 public standing; // the highest that is not vetoed
    mapping(uint64 => Epoch) public epochs;
    mapping(uint64 => mapping(address => bool)) public isSigner;
    mapping(uint64 => address[]) private _signers;

    event Rotated(
        uint64 indexed epoch, address[] signers, uint16 threshold, uint64 activeFrom, uint64 closingSize
    );
    event RotationVetoed(uint64 indexed epoch);

    error UnknownEpoch(uint64 epoch);
    error EpochVetoed(uint64 epoch);
    error EpochNotYet(uint64 epoch);
    error EpochRetired(uint64 epoch);
    error NoMajority(uint256 threshold, uint256 size);
    error BadLength(uint256 length);
    error TooFew(uint256 given, uint256 needed);
    error TooMany(uint256 given, uint256 size);
    error BadSignature(uint256 index);
    error NotASigner(uint256 index, address signer);
    error OutOfOrder(uint256 index);
    error BadSet();
    error TooSoon();
    error TooDifferent();
    error RotationPending();
    error NotGuardian();

    constructor(
        address first,
        address guardian,
        ILedgerAnchor anchor,
        bytes32 genesis,
        address[] memory signers_,
        uint16 threshold
    ) Domain(genesis) Governed(first) {
        GUARDIAN = guardian;
        ANCHOR = anchor;
        _open(signers_, threshold, uint64(block.timestamp), 0);
    }

    /// Returns only when `threshold` signers of `epoch` or more have signed `digest`.
    /// `currentOnly`: the hours of grace after a rotation do not count (a mint makes value).
    function verify(uint64 epoch, bytes32 digest, bytes calldata sigs, bool currentOnly) external view {
        Epoch memory e = epochs[epoch];
        if (e.size == 0) revert UnknownEpoch(epoch);
        if (e.vetoed) revert EpochVetoed(epoch);
        if (block.timestamp < e.activeFrom) revert EpochNotYet(epoch);
        if (e.retiredAt != 0) {
            uint256 end = currentOnly ? e.retiredAt : e.retiredAt + GRACE;
            if (block.timestamp >= end) revert EpochRetired(epoch);
        }
        // The floor stands here and not only where a set is made: a set once lost its threshold
        // in an upgrade.
        if (e.threshold < 2 || 2 * uint256(e.threshold) <= e.size) revert NoMajority(e.threshold, e.size);
        if (sigs.length % 65 != 0) revert BadLength(sigs.length);
        uint256 n = sigs.length / 65;
        if (n < e.threshold) revert TooFew(n, e.threshold);
        if (n > e.size) revert TooMany(n, e.size);
        address before = address(0);
        for (uint256 i = 0; i < n; ++i) {
            address signer = _recover(digest, sigs[i * 65:i * 65 + 65], i);
            if (signer <= before) revert OutOfOrder(i); // order, and no duplicates, in one comparison
            if (!isSigner[epoch][signer]) revert NotASigner(i, signer);
            before = signer;
        }
    }

    /// The next set, named by the one in force, two days ahead.
    function rotate(
        address[] calldata signers_,
        uint16 threshold,
        uint64 activeFrom,
        uint64 closingSize,
        bytes calldata sigs
    ) external {
        uint64 now_ = standing;
        if (block.timestamp < epochs[now_].activeFrom) revert RotationPending();
        if (activeFrom < block.timestamp + NOTICE) revert TooSoon();
        if (closingSize < epochs[now_].closingSize) revert BadSet();
        bytes32 structHash = keccak256(
            abi.encode(
                ROTATE, latest + 1, keccak256(abi.encode(signers_)), threshold, activeFrom, closingSize, now_
            )
        );
        this.verify(now_, _digest(structHash), sigs, true);
        _mostStay(now_, signers_);
        epochs[now_].retiredAt = activeFrom;
        _open(signers_, threshold, activeFrom, closingSize);
    }

    /// The guardian stops a rotation that is not in force yet; the set before it goes on.
    function veto(uint64 epoch) external {
        if (msg.sender != GUARDIAN) revert NotGuardian();
        Epoch storage e = epochs[epoch];
        if (e.size == 0 || epoch != standing) revert UnknownEpoch(epoch);
        if (block.timestamp >= e.activeFrom) revert TooSoon();
        e.vetoed = true;
        uint64 former = epoch - 1;
        while (epochs[former].vetoed) --former;
        epochs[former].retiredAt = 0;
        standing = former;
        emit RotationVetoed(epoch);
    }

    /// A new set without the old one's word: by the governor, and only when the ledger has not
    /// been anchored for thirty days.
    function recover(address[] calldata signers_, uint16 threshold) external onlyGovernor {
        if (address(ANCHOR) == address(0)) revert TooSoon();
        if (block.timestamp < ANCHOR.lastAnchored() + SILENCE) revert TooSoon();
        uint64 activeFrom = uint64(block.timestamp + NOTICE);
        uint64 now_ = standing;
        if (block.timestamp < epochs[now_].activeFrom) revert RotationPending();
        epochs[now_].retiredAt = activeFrom;
        _open(signers_, threshold, activeFrom, epochs[now_].closingSize);
    }

    function signers(uint64 epoch) external view returns (address[] memory) {
        return _signers[epoch];
    }

    function _open(address[] memory set, uint16 threshold, uint64 activeFrom, uint64 closingSize) private {
        uint256 size = set.length;
        if (size > LARGEST) revert BadSet();
        if (threshold < 2 || threshold > size || 2 * uint256(threshold) <= size) revert NoMajority(threshold, size);
        uint64 epoch = ++latest;
        standing = epoch;
        address before = address(0);
        for (uint256 i = 0; i < size; ++i) {
            if (set[i] <= before) revert OutOfOrder(i);
            isSigner[epoch][set[i]] = true;
            before = set[i];
        }
        _signers[epoch] = set;
        epochs[epoch] = Epoch(activeFrom, 0, closingSize, threshold, uint16(size), false);
        emit Rotated(epoch, set, threshold, activeFrom, closingSize);
    }

    /// At most a third of the old set leaves, at most a third of the new one joins.
    function _mostStay(uint64 old, address[] calldata set) private view {
        uint256 stay = 0;
        for (uint256 i = 0; i < set.length; ++i) {
            if (isSigner[old][set[i]]) ++stay;
        }
        uint256 size = epochs[old].size;
        if (3 * (size - stay) > size || 3 * (set.length - stay) > set.length) revert TooDifferent();
    }

    function _recover(bytes32 digest, bytes calldata sig, uint256 index) private pure returns (address signer) {
        bytes32 r = bytes32(sig[0:32]);
        bytes32 s = bytes32(sig[32:64]);
        uint8 v = uint8(sig[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) revert BadSignature(index);
        signer = ecrecover(digest, v, r, s);
        if (signer == address(0)) revert BadSignature(index);
    }

    function _name() internal pure override returns (string memory) {
        return "Lianqiao Notaries";
    }
}
