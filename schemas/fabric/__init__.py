"""The shapes of Hyperledger Fabric's messages, as data.

Holds:   the fields of each message, the numbers of each enumeration, the methods of gRPC
Knows:   the wire
Never:   encodes, signs, or knows what a message is for
Enters:  messages.MESSAGES, messages.ENUMS, messages.METHODS
Proof:   tests/schemas/fabric
"""
