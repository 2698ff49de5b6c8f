"""Published data: one form a batch, bytes to entries and back (docs/records.md, "Published data")."""
from collections import namedtuple

from files import Reader, wrap
from poseidon2 import digest_bytes
from records import Item, digest, need

ACTIONS = {1: "transfer", 2: "withdraw", 3: "rotate"}
FEE_UNITS = [1, 10**6, 10**12]
AMOUNT_UNITS = [1, 10**4, 10**8, 10**12]

Run = namedtuple("Run", "items")
Published = namedtuple("Published", "action sender token fee jump to amount key")


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def unit_of(value, units):
    """Which unit: the largest that divides; the first for 0."""
    return max(i for i, unit in enumerate(units) if value % unit == 0) if value else 0


def write_transaction(tx, jump):
    fee = 1 + unit_of(tx.fee, FEE_UNITS) if tx.fee else 0
    amount = unit_of(tx.amount, AMOUNT_UNITS)
    kind = {name: kind for kind, name in ACTIONS.items()}[tx.action]
    out = bytes([kind | bool(tx.token) << 2 | bool(jump) << 3 | fee << 4 | amount << 6]) + varint(tx.sender)
    out += varint(tx.token) if tx.token else b""
    out += varint(tx.fee // FEE_UNITS[fee - 1]) if fee else b""
    out += varint(jump) if jump else b""
    if tx.action == "rotate":
        return out + digest_bytes(tx.key)
    value = varint(tx.amount // AMOUNT_UNITS[amount])
    return out + (varint(tx.to) + value if tx.action == "transfer" else value + tx.to)


def write(number, operator, entries, jumps):
    """The file of a batch; `entries` are records, `jumps` their epoch jumps."""
    count, body, run = 0, b"", 0
    for entry, jump in [*zip(entries, jumps), (None, None)]:
        if isinstance(entry, Item):
            run += 1
            continue
        if run:
            body, count, run = body + b"\x00" + varint(run), count + 1, 0
        if entry is not None:
            body, count = body + write_transaction(entry, jump), count + 1
    return wrap("pubdata", varint(number) + varint(operator) + varint(count) + body)


def read_varint(r, bits):
    value = shift = 0
    while True:
        byte = r.int(1)
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    need(byte or shift == 7, "an integer is not in the fewest bytes")
    need(value < 1 << bits, f"an integer exceeds {bits} bits")
    return value


def scaled(r, units, unit, bits):
    value = read_varint(r, bits) * units[unit]
    need(value < 1 << bits, f"a value exceeds {bits} bits")
    need(unit_of(value, units) == unit, "a value is not in the largest unit that divides it")
    return value


def nonzero(value):
    need(value, "what is 0 is not written")
    return value


def read_transaction(r, head):
    action, fee_bits, amount_bits = ACTIONS[head & 3], head >> 4 & 3, head >> 6
    sender = read_varint(r, 32)
    token = nonzero(read_varint(r, 16)) if head & 4 else 0
    fee = nonzero(scaled(r, FEE_UNITS, fee_bits - 1, 64)) if fee_bits else 0
    jump = nonzero(read_varint(r, 32)) if head & 8 else 0
    if action == "rotate":
        need(amount_bits == 0, "a rotation has no amount")
        return Published(action, sender, token, fee, jump, None, 0, tuple(digest(r.take(32))))
    to = read_varint(r, 32) if action == "transfer" else None
    amount = scaled(r, AMOUNT_UNITS, amount_bits, 128)
    return Published(action, sender, token, fee, jump, r.take(20) if to is None else to, amount, ())


def read_run(r, head, entries):
    need(head == 0, "a run has no other bits")
    need(not (entries and isinstance(entries[-1], Run)), "no run follows another")
    return Run(nonzero(read_varint(r, 32)))


def read(data):
    """Number, operator and entries of a batch."""
    r = Reader(data, "pubdata")
    number, operator, count = (read_varint(r, 32) for _ in range(3))
    entries = []
    for _ in range(count):
        head = r.int(1)
        entries.append(read_transaction(r, head) if head & 3 else read_run(r, head, entries))
    r.end()
    return number, operator, entries
