"""The records of docs/records.md: bytes, elements and digests of what Ethereum or a user hashes."""
from dataclasses import dataclass, replace

from poseidon2 import P, chain, compress, digest_bytes, hash_fields, limbs, rolling, words

VERSION = 1
TAG = {
    "transfer": 4,
    "withdraw": 18,
    "rotate": 19,
    "item in pubdata": 5,
    "queue": 6,
    "pubdata": 7,
    "header": 8,
    "headers": 9,
    "statement": 10,
    "leaf": 20,
}


class Malformed(Exception):
    """Bytes that are not what they should be."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def digest(data):
    """The digest that 32 bytes are."""
    elements = words(data)
    need(len(data) == 32 and max(elements) < P, "a digest has eight words below p")
    return elements


def address_elements(data):
    return [data[i] << 8 | data[i + 1] for i in range(0, 20, 2)]


def packed(*fields):
    """Big-endian integers as (value, width), digests as lists, other bytes as they are: no padding."""
    out = b""
    for field in fields:
        if isinstance(field, tuple):
            out += field[0].to_bytes(field[1], "big")
        else:
            out += digest_bytes(field) if isinstance(field, list) else field
    return out


@dataclass(frozen=True)
class Item:
    """Of the L1 queue: 76 bytes."""

    kind: int
    token: int
    amount: int
    account: int
    l1: bytes
    key: bytes

    @staticmethod
    def decode(data):
        need(len(data) == 76, "an item has 76 bytes")
        ints = [int.from_bytes(data[a:b], "big") for a, b in ((0, 2), (2, 4), (4, 20), (20, 24))]
        return Item(*ints, data[24:44], data[44:76])

    def encode(self):
        return packed((self.kind, 2), (self.token, 2), (self.amount, 16), (self.account, 4), self.l1, self.key)

    def elements(self):
        key = [self.key[i] | self.key[i + 1] << 8 for i in range(0, 32, 2)]
        head = [self.kind, self.token] + limbs(self.amount, 8) + limbs(self.account, 2)
        return head + address_elements(self.l1) + key

    def key_digest(self):
        """The key that it names: words count modulo p."""
        return [word % P for word in words(self.key)]


@dataclass(frozen=True)
class Transaction:
    """What an account signs. `to` is an account of a transfer, 20 bytes of a withdrawal; `key` the new key of a rotation."""

    chain_id: int
    version: int
    sender: int
    token: int
    fee: int
    sequence: int
    epoch: int
    expiry: int
    action: str
    to: object = None
    amount: int = 0
    key: tuple = ()

    def eight(self):
        return list(self.key) if self.action == "rotate" else limbs(self.amount, 8)

    def elements(self):
        head = limbs(self.sender, 2) + [self.token] + limbs(self.fee, 4) + [self.epoch] + self.eight()
        rest = {"transfer": lambda: limbs(self.to, 2), "withdraw": lambda: address_elements(self.to), "rotate": list}
        return head + limbs(self.sequence, 2) + limbs(self.expiry, 2) + rest[self.action]()

    def public(self):
        """The public digest: the state after the first call."""
        elements = self.elements()
        start = [TAG[self.action], len(elements), self.version] + limbs(self.chain_id, 4) + [0]
        return compress(start + elements[:16])

    def digest(self):
        """What is signed."""
        return chain(self.public(), self.elements()[16:])

    def but(self, **changes):
        return replace(self, **changes)


@dataclass(frozen=True)
class Withdrawal:
    number: int
    index: int
    token: int
    amount: int
    to: bytes

    def encode(self):
        return packed((self.number, 4), (self.index, 2), (self.token, 2), (self.amount, 16), self.to)

    def leaf(self):
        head = [TAG["leaf"]] + limbs(self.number, 2) + [self.index, self.token] + limbs(self.amount, 8)
        return compress(head + address_elements(self.to) + [0])


@dataclass(frozen=True)
class Header:
    number: int
    operator: int
    transactions: int
    queue_items: int
    withdrawals: int
    pubdata: list
    withdrawals_root: list

    def encode(self):
        counts = (self.transactions, 2), (self.queue_items, 2), (self.withdrawals, 2)
        return packed((self.number, 4), (self.operator, 4), *counts, self.pubdata, self.withdrawals_root)

    def digest(self):
        counts = [self.transactions, self.queue_items, self.withdrawals]
        head = limbs(self.number, 2) + limbs(self.operator, 2) + counts
        return hash_fields(TAG["header"], head + self.pubdata + self.withdrawals_root)


@dataclass(frozen=True)
class Checkpoint:
    """One end of a statement."""

    number: int
    state_root: list
    headers: list
    queue: list
    queue_index: int

    def encode(self):
        return packed((self.number, 4), self.state_root, self.headers, self.queue, (self.queue_index, 4))


@dataclass(frozen=True)
class Statement:
    chain_id: int
    version: int
    config: list
    prev: Checkpoint
    next: Checkpoint

    def encode(self):
        return packed((self.chain_id, 8), (self.version, 2), self.config) + self.prev.encode() + self.next.encode()

    def digest(self):
        ends = (self.prev, self.next)
        out = limbs(self.chain_id, 4) + [self.version] + self.config
        out += sum((limbs(end.number, 2) for end in ends), [])
        for field in ("state_root", "headers"):
            out += sum((getattr(end, field) for end in ends), [])
        out += sum((end.queue + limbs(end.queue_index, 2) for end in ends), [])
        return hash_fields(TAG["statement"], out)


def roll_item(queue, item):
    """The queue's rolling digest, one item on."""
    return chain(queue, item.elements())


def roll_header(headers, header):
    return chain(headers, header.digest() + [0] * 8)


def roll_published(pubdata, entry):
    """The rolling digest of published data, one entry on."""
    if isinstance(entry, Item):
        return chain(pubdata, [TAG["item in pubdata"]])
    to = limbs(entry.to, 2) if entry.action == "transfer" else []
    return chain(pubdata, entry.public() + to)


def start_of(what):
    return rolling(TAG[what])
