"""The least configuration that starts an orderer and two peers of Fabric on loopback.

Every key that stands here is needed: without `handlers` every proposal fails, without `orgLeader`
a peer never asks for blocks, without `MaxRequestBodySize` joining fails, and with the usual
intervals of gossip two organisations take half a minute to know each other.
Source: Hyperledger Fabric 2.5, sample configuration, for the names of the keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHANNEL: Final = "settle"
ORGANISATIONS: Final = ("org1", "org2")
ORDERER_HOME: Final = "crypto/ordererOrganizations/ord.test/orderers/orderer.ord.test"


@dataclass(frozen=True, slots=True)
class Batch:
    """When the orderer cuts a block: after so many transactions, or so long after the first."""

    count: int = 50
    timeout_ms: int = 100


def msp(organisation: str) -> str:
    """Return the id of an organisation, as identities carry it."""
    return f"{organisation.capitalize()}MSP"


def peer_home(organisation: str) -> str:
    """Return where the material of an organisation's peer lies, below the folder."""
    return f"crypto/peerOrganizations/{organisation}.test/peers/peer0.{organisation}.test"


def user_home(organisation: str, user: str) -> str:
    """Return where the material of a user lies, below the folder; `Admin` is one."""
    return f"crypto/peerOrganizations/{organisation}.test/users/{user}@{organisation}.test"


def lay_out(root: Path, ports: Mapping[str, int], batch: Batch) -> None:
    """Write every file that the programs read before there are keys."""
    for organisation in ORGANISATIONS:
        _write(root / organisation / "core.yaml", _core(root, organisation, ports))
    _write(root / "config" / "crypto-config.yaml", _crypto())
    _write(root / "config" / "configtx.yaml", _channel(ports, batch))
    _write(root / "config" / "orderer.yaml", _orderer(root, ports))
    for name, script in _BUILDER.items():
        _write(root / "builder" / "bin" / name, f"#!/bin/sh\nset -e\n{script}\n")
        (root / "builder" / "bin" / name).chmod(0o755)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


_BUILDER: Final = {
    "detect": 'grep -q \'"type": *"ccaas"\' "$2/metadata.json"',
    "build": 'cp "$1/connection.json" "$3/"',
    "release": 'mkdir -p "$2/chaincode/server" && cp "$1/connection.json" "$2/chaincode/server/"',
}


def _crypto() -> str:
    peers = "".join(
        f"""
  - Name: {organisation}
    Domain: {organisation}.test
    EnableNodeOUs: true
    Template: {{Count: 1, SANS: [127.0.0.1, localhost]}}
    Users: {{Count: 3}}"""
        for organisation in ORGANISATIONS
    )
    return f"""OrdererOrgs:
  - Name: Orderer
    Domain: ord.test
    EnableNodeOUs: true
    Specs: [{{Hostname: orderer, SANS: [127.0.0.1, localhost]}}]
PeerOrgs:{peers}
"""


def _organisation(organisation: str, ports: Mapping[str, int]) -> str:
    name = msp(organisation)
    return f"""
  - &{organisation}
    Name: {name}
    ID: {name}
    MSPDir: ../crypto/peerOrganizations/{organisation}.test/msp
    AnchorPeers: [{{Host: 127.0.0.1, Port: {ports[f"{organisation}.peer"]}}}]
    Policies:
      Readers: {{Type: Signature, Rule: "OR('{name}.member')"}}
      Writers: {{Type: Signature, Rule: "OR('{name}.member')"}}
      Admins: {{Type: Signature, Rule: "OR('{name}.admin')"}}
      Endorsement: {{Type: Signature, Rule: "OR('{name}.peer')"}}"""


def _channel(ports: Mapping[str, int], batch: Batch) -> str:
    peers = "".join(_organisation(one, ports) for one in ORGANISATIONS)
    members = ", ".join(f"*{one}" for one in ORGANISATIONS)
    return f"""Organizations:
  - &Orderer
    Name: OrdererOrg
    ID: OrdererMSP
    MSPDir: ../crypto/ordererOrganizations/ord.test/msp
    OrdererEndpoints: ["127.0.0.1:{ports["orderer"]}"]
    Policies:
      Readers: {{Type: Signature, Rule: "OR('OrdererMSP.member')"}}
      Writers: {{Type: Signature, Rule: "OR('OrdererMSP.member')"}}
      Admins: {{Type: Signature, Rule: "OR('OrdererMSP.admin')"}}{peers}
Profiles:
  Settle:
    Policies: &Meta
      Readers: {{Type: ImplicitMeta, Rule: "ANY Readers"}}
      Writers: {{Type: ImplicitMeta, Rule: "ANY Writers"}}
      Admins: {{Type: ImplicitMeta, Rule: "MAJORITY Admins"}}
    Capabilities: {{V2_0: true}}
    Orderer:
      OrdererType: etcdraft
      BatchTimeout: {batch.timeout_ms}ms
      BatchSize:
        MaxMessageCount: {batch.count}
        AbsoluteMaxBytes: 10 MB
        PreferredMaxBytes: 8 MB
      EtcdRaft:
        Consenters:
          - Host: 127.0.0.1
            Port: {ports["orderer"]}
            ClientTLSCert: ../{ORDERER_HOME}/tls/server.crt
            ServerTLSCert: ../{ORDERER_HOME}/tls/server.crt
        Options:
          TickInterval: 100ms
          ElectionTick: 10
          HeartbeatTick: 1
          MaxInflightBlocks: 5
          SnapshotIntervalSize: 16 MB
      Organizations: [*Orderer]
      Policies:
        <<: *Meta
        BlockValidation: {{Type: ImplicitMeta, Rule: "ANY Writers"}}
      Capabilities: {{V2_0: true}}
    Application:
      Organizations: [{members}]
      Policies:
        <<: *Meta
        LifecycleEndorsement: {{Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}}
        Endorsement: {{Type: ImplicitMeta, Rule: "MAJORITY Endorsement"}}
      Capabilities: {{V2_5: true}}
"""


def _core(root: Path, organisation: str, ports: Mapping[str, int]) -> str:
    home, here = f"../{peer_home(organisation)}", f"127.0.0.1:{ports[f'{organisation}.peer']}"
    chaincode = f"127.0.0.1:{ports[f'{organisation}.chaincode']}"
    return f"""peer:
  id: peer0.{organisation}.test
  networkId: lianqiao
  listenAddress: {here}
  address: {here}
  chaincodeListenAddress: {chaincode}
  chaincodeAddress: {chaincode}
  localMspId: {msp(organisation)}
  mspConfigPath: {home}/msp
  fileSystemPath: {root}/data/{organisation}
  gateway: {{enabled: true, endorsementTimeout: 10s, dialTimeout: 5s}}
  discovery: {{enabled: true, authCacheEnabled: false}}
  handlers:
    authFilters: [{{name: DefaultAuth}}, {{name: ExpirationCheck}}]
    decorators: [{{name: DefaultDecorator}}]
    endorsers: {{escc: {{name: DefaultEndorsement}}}}
    validators: {{vscc: {{name: DefaultValidation}}}}
  gossip:
    useLeaderElection: false
    orgLeader: true
    bootstrap: {here}
    endpoint: {here}
    externalEndpoint: {here}
    aliveTimeInterval: 500ms
    aliveExpirationTimeout: 5s
    reconnectInterval: 500ms
    publishStateInfoInterval: 300ms
    requestStateInfoInterval: 300ms
    stateInfoRetentionInterval: 30s
    pullInterval: 500ms
    state: {{enabled: true, checkInterval: 1s, responseTimeout: 2s, batchSize: 10,
      blockBufferSize: 20, maxRetries: 3}}
  deliveryclient: {{reConnectBackoffThreshold: 500ms, connTimeout: 3s}}
  tls:
    enabled: true
    cert: {{file: {home}/tls/server.crt}}
    key: {{file: {home}/tls/server.key}}
    rootcert: {{file: {home}/tls/ca.crt}}
  BCCSP: {{Default: SW, SW: {{Hash: SHA2, Security: 256}}}}
vm: {{endpoint: ""}}
chaincode:
  executetimeout: 10s
  externalBuilders: [{{name: ccaas, path: {root}/builder}}]
  system: {{_lifecycle: enable, cscc: enable, lscc: enable, qscc: enable}}
ledger:
  snapshots: {{rootDir: {root}/data/{organisation}/snapshots}}
operations: {{listenAddress: 127.0.0.1:{ports[f"{organisation}.operations"]}}}
metrics: {{provider: disabled}}
"""


def _orderer(root: Path, ports: Mapping[str, int]) -> str:
    home = f"../{ORDERER_HOME}"
    return f"""General:
  ListenAddress: 127.0.0.1
  ListenPort: {ports["orderer"]}
  LocalMSPID: OrdererMSP
  LocalMSPDir: {home}/msp
  BootstrapMethod: none
  TLS:
    Enabled: true
    PrivateKey: {home}/tls/server.key
    Certificate: {home}/tls/server.crt
    RootCAs: [{home}/tls/ca.crt]
  BCCSP: {{Default: SW, SW: {{Hash: SHA2, Security: 256}}}}
FileLedger: {{Location: {root}/data/orderer}}
ChannelParticipation: {{Enabled: true, MaxRequestBodySize: 1 MB}}
Admin: {{ListenAddress: "127.0.0.1:{ports["orderer.admin"]}"}}
Operations: {{ListenAddress: "127.0.0.1:{ports["orderer.operations"]}"}}
Metrics: {{Provider: disabled}}
Consensus: {{WALDir: {root}/data/orderer/wal, SnapDir: {root}/data/orderer/snap}}
"""
