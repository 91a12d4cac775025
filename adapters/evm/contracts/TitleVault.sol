// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Acts, Ticket} from "./Ticket.sol";
import {Custody} from "./Custody.sol";
import {NotarySet} from "./NotarySet.sol";

/// What we use of one title of a TradeTrust register, version 5.
interface ITitle {
    function active() external view returns (bool);
    function isHoldingToken() external view returns (bool);
    function beneficiary() external view returns (address);
    function holder() external view returns (address);
    function prevBeneficiary() external view returns (address);
    function prevHolder() external view returns (address);
    function nominee() external view returns (address);
    function remark() external view returns (bytes memory);
    function nominate(address nominee, bytes calldata remark) external;
    function transferHolder(address holder, bytes calldata remark) external;
    function rejectTransferOwners(bytes calldata remark) external;
}

interface ITitleFactory {
    function getEscrowAddress(address registry, uint256 tokenId) external view returns (address);
}

/// Custody of transferable documents that are at home on this chain.
///
/// No callback tells of a push, so a title is claimed: its holder names this vault as both owners
/// with a remark of settlement and ticket hash, and that remark is the consent.
contract TitleVault is Custody {
    struct Title {
        bytes32 settlement; // of the open slot it is in; while there is one, medium is 0
        bytes32 medium; // the counterpart where the operative title is; 0: here
    }

    uint256 private constant PATIENCE = 24 hours;

    ITitleFactory public immutable FACTORY;
    mapping(address => Title) public titles;
    mapping(bytes32 => uint256) public noticed; // push -> when somebody pointed at it
    uint256 private _outstanding;

    event PushNoticed(address indexed title, address indexed owner, uint256 since);
    event SentBack(address indexed title, address indexed owner);

    error BadTitle();
    error NoBacking();
    error NotYours();

    constructor(
        address first,
        address escrow,
        NotarySet notaries,
        bytes32 genesis,
        ITitleFactory factory
    ) Custody(first, escrow, notaries, genesis) {
        if (address(factory).code.length == 0) revert NoCode(address(factory));
        FACTORY = factory;
    }

    function take(Ticket calldata t) external onlyEscrow returns (uint256) {
        ITitle title = _at(t);
        Title storage kept = titles[address(title)];
        if (kept.settlement != 0 || kept.medium != 0 || t.amount != 1) revert BadTitle();
        if (!title.active() || !_ours(title)) revert BadTitle();
        if (title.prevBeneficiary() != t.party || title.prevHolder() != t.party) revert BadTitle();
        bytes32 asked = keccak256(abi.encodePacked(t.settlement, Acts.hash(t)));
        if (keccak256(title.remark()) != asked) revert BadTitle();
        kept.settlement = t.settlement;
        return ++_outstanding;
    }

    /// A rejection gives the title back with its history whole, and cannot be bounced.
    function giveBack(Ticket calldata t) external onlyEscrow {
        ITitle title = _mine(t);
        titles[address(title)].settlement = 0;
        --_outstanding;
        title.rejectTransferOwners("");
    }

    /// Nominate and make holder; the party has to accept. Does again what was bounced.
    function handOver(Ticket calldata t) external onlyEscrow returns (bool) {
        ITitle title = _mine(t);
        if (title.beneficiary() != address(this)) revert BadTitle();
        if (title.nominee() != t.party) title.nominate(t.party, "");
        if (title.holder() == address(this)) title.transferHolder(t.party, "");
        return false;
    }

    /// While it is being handed over only the nominee can become beneficiary, so any other than
    /// this vault means that they did, whatever they have done with it since.
    function accepted(Ticket calldata t) external onlyEscrow returns (bool) {
        ITitle title = _mine(t);
        if (title.beneficiary() == address(this)) return false;
        titles[address(title)].settlement = 0;
        --_outstanding;
        return true;
    }

    function create(Ticket calldata t) external onlyEscrow returns (uint256) {
        ITitle title = _at(t);
        Title storage kept = titles[address(title)];
        if (t.amount != 1 || !_ours(title)) revert BadTitle();
        if (kept.settlement != 0 || kept.medium != t.counterpart) revert NoBacking();
        kept.settlement = t.settlement;
        kept.medium = 0;
        return _outstanding;
    }

    function destroy(Ticket calldata t) external onlyEscrow {
        Title storage kept = titles[address(_mine(t))];
        kept.settlement = 0;
        kept.medium = t.counterpart;
    }

    /// Point at a title that was pushed and not locked: a day later anyone may send it back.
    function notice(address registry, uint256 tokenId) external {
        ITitle title = _idle(registry, tokenId);
        bytes32 push = _push(title);
        if (noticed[push] != 0) revert BadTitle();
        noticed[push] = block.timestamp;
        emit PushNoticed(address(title), title.prevBeneficiary(), block.timestamp);
    }

    /// Give back a title that was pushed and not locked: at once for its owner.
    function sendBack(address registry, uint256 tokenId) external {
        ITitle title = _idle(registry, tokenId);
        address owner = title.prevBeneficiary();
        if (msg.sender != owner && msg.sender != title.prevHolder()) {
            uint256 since = noticed[_push(title)];
            if (since == 0 || block.timestamp < since + PATIENCE) revert NotYours();
        }
        delete noticed[_push(title)];
        emit SentBack(address(title), owner);
        title.rejectTransferOwners("");
    }

    function _at(Ticket calldata t) private view returns (ITitle title) {
        title = ITitle(FACTORY.getEscrowAddress(t.asset, t.tokenId));
        if (address(title).code.length == 0) revert BadTitle();
    }

    function _mine(Ticket calldata t) private view returns (ITitle title) {
        title = _at(t);
        if (titles[address(title)].settlement != t.settlement) revert BadTitle();
    }

    function _idle(address registry, uint256 tokenId) private view returns (ITitle title) {
        title = ITitle(FACTORY.getEscrowAddress(registry, tokenId));
        if (address(title).code.length == 0 || !_ours(title)) revert BadTitle();
        Title storage kept = titles[address(title)];
        if (kept.settlement != 0 || kept.medium != 0) revert BadTitle();
    }

    function _ours(ITitle title) private view returns (bool) {
        return title.isHoldingToken() && title.beneficiary() == address(this) && title.holder() == address(this);
    }

    function _push(ITitle title) private view returns (bytes32) {
        return keccak256(abi.encode(title, title.prevBeneficiary(), title.prevHolder(), title.remark()));
    }
}
