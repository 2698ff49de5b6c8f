"""Our files: bytes to records and back (docs/records.md, "Files"). Inside them integers are little-endian."""
from collections import namedtuple

from poseidon2 import P, digest_bytes, words
from records import Checkpoint, Header, Item, Statement, Transaction, digest, need

KIND = {"transaction": 1, "batch": 2, "queue": 3, "statement": 4, "proof": 5, "pubdata": 8, "claim": 9}
ACTIONS = ["transfer", "withdraw", "rotate"]
PARTS = [5, 8, 46 * 8, 20 * 8]
SIGNATURE = 4 * sum(PARTS)

Signed = namedtuple("Signed", "tx signature")
BatchFile = namedtuple("BatchFile", "prev chain_id header entries cells siblings")


def wrap(kind, body):
    return b"ALDL" + KIND[kind].to_bytes(2, "little") + b"\x01\x00" + body


class Reader:
    def __init__(self, data, kind):
        need(data[:8] == wrap(kind, b""), f"no {kind} file")
        self.data, self.position = data, 8

    def take(self, count):
        need(self.position + count <= len(self.data), "the file ends early")
        self.position += count
        return self.data[self.position - count : self.position]

    def int(self, width, order="little"):
        return int.from_bytes(self.take(width), order)

    def digest(self):
        return digest(self.take(32))

    def many(self, one):
        return [one() for _ in range(self.int(4))]

    def end(self):
        need(self.position == len(self.data), "bytes after the end")


def little(value, width):
    return value.to_bytes(width, "little")


def read_signature(reader):
    elements = words(reader.take(SIGNATURE))
    need(max(elements) < P, "an element of a signature is p or more")
    parts = []
    for size in PARTS:
        parts.append(elements[:size])
        elements = elements[size:]
    eights = [[part[i : i + 8] for i in range(0, len(part), 8)] for part in parts[2:]]
    return (parts[0], parts[1], *eights)


def write_signature(signature):
    parameter, randomness, chains, path = signature
    return digest_bytes(parameter + randomness + sum(chains, []) + sum(path, []))


def read_signed(reader):
    head = [reader.int(width) for width in (8, 2, 4, 2, 8, 4, 4, 4)]
    action = reader.int(1)
    need(action < 3, "an action is 0, 1 or 2")
    if action == 2:
        rest = {"key": tuple(reader.digest())}
    else:
        rest = {"to": reader.take(20) if action else reader.int(4), "amount": reader.int(16)}
    return Signed(Transaction(*head, ACTIONS[action], **rest), read_signature(reader))


def write_signed(signed):
    tx = signed.tx
    head = (tx.chain_id, 8), (tx.version, 2), (tx.sender, 4), (tx.token, 2), (tx.fee, 8)
    head += (tx.sequence, 4), (tx.epoch, 4), (tx.expiry, 4), (ACTIONS.index(tx.action), 1)
    out = b"".join(little(*field) for field in head)
    if tx.action == "rotate":
        return out + digest_bytes(tx.key) + write_signature(signed.signature)
    to = little(tx.to, 4) if tx.action == "transfer" else tx.to
    return out + to + little(tx.amount, 16) + write_signature(signed.signature)


def transaction_file(signed):
    return wrap("transaction", write_signed(signed))


def read_transaction_file(data):
    reader = Reader(data, "transaction")
    signed = read_signed(reader)
    reader.end()
    return signed


def read_entry(reader):
    kind = reader.int(1)
    need(kind < 2, "an entry is 0 or 1")
    return read_signed(reader) if kind else Item.decode(reader.take(76))


def write_entry(entry):
    return b"\x00" + entry.encode() if isinstance(entry, Item) else b"\x01" + write_signed(entry)


def read_checkpoint(r):
    """Packed, so its integers are big-endian."""
    return Checkpoint(r.int(4, "big"), r.digest(), r.digest(), r.digest(), r.int(4, "big"))


def read_header(r):
    """Packed, as a checkpoint."""
    return Header(*(r.int(width, "big") for width in (4, 4, 2, 2, 2)), r.digest(), r.digest())


def read_cell(reader):
    at = tuple(reader.int(width) for width in (1, 4, 2))
    return at, tuple(reader.int(4) for _ in range(20))


def write_cell(cell):
    (space, account, slot), payload = cell
    return little(space, 1) + little(account, 4) + little(slot, 2) + digest_bytes(payload)


def read_batch(data):
    r = Reader(data, "batch")
    parts = read_checkpoint(r), r.int(8), read_header(r), r.many(lambda: read_entry(r))
    batch = BatchFile(*parts, r.many(lambda: read_cell(r)), r.many(r.digest))
    r.end()
    return batch


def write_batch(batch):
    def many(parts):
        return little(len(parts), 4) + b"".join(parts)

    head = batch.prev.encode() + little(batch.chain_id, 8) + batch.header.encode()
    lists = many([write_entry(e) for e in batch.entries]) + many([write_cell(c) for c in batch.cells])
    return wrap("batch", head + lists + many([digest_bytes(s) for s in batch.siblings]))


def read_queue(data):
    reader = Reader(data, "queue")
    items = reader.many(lambda: Item.decode(reader.take(76)))
    reader.end()
    return items


def write_queue(items):
    return wrap("queue", little(len(items), 4) + b"".join(item.encode() for item in items))


def read_statement(data):
    r = Reader(data, "statement")
    statement = Statement(r.int(8, "big"), r.int(2, "big"), r.digest(), read_checkpoint(r), read_checkpoint(r))
    r.end()
    return statement


def write_statement(statement):
    return wrap("statement", statement.encode())


