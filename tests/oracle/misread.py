"""Bytes that are no file of ours, and published data that is not in its one form or that no ledger could publish."""
import agree
import files
import wallet
from poseidon2 import text
from published import varint
from records import Item, Malformed

CHAIN_ID = 79
HOME, KEY = bytes(range(20)), bytes(range(32))
ITEMS = [Item(2, 0, 10**20, 0, HOME, KEY), Item(2, 3, 10**15, 0, HOME, KEY)]
RUN = b"\x00\x02"
NO_DIGEST = b"\xff" * 32


def published(*entries, number=b"\x01", operator=b"\x01", count=None):
    count = len(entries) if count is None else count
    return files.wrap("pubdata", number + operator + varint(count) + b"".join(entries))


def pay(head, *rest):
    """A transaction's bytes: its head, then integers as the format writes them, and bytes as they are."""
    return bytes([head]) + b"".join(varint(each) if isinstance(each, int) else each for each in rest)


def good():
    """Published data of a first batch, each in its one form."""
    return {
        "items": published(RUN),
        "an odd operator": published(RUN, operator=varint(999)),
        "transfer": published(RUN, pay(0x01, 1, 2, 7)),
        "every field": published(RUN, pay(0x5D | 0x00, 2, 3, 5, 9, 1, 7)),
        "units": published(RUN, pay(0xF1, 1, 10**3, 2, 12), pay(0x61, 1, 4, 2, 3)),
        "amount 0": published(RUN, pay(0x01, 1, 2, 0)),
        "withdrawal": published(RUN, pay(0x02, 1, 12345, HOME)),
        "rotation": published(RUN, pay(0x03, 1, KEY)),
        "the last epoch rotates": published(RUN, pay(0x0B, 1, 2**20 - 1, KEY)),
        "a run after a transaction": published(b"\x00\x01", pay(0x01, 1, 1, 7), b"\x00\x01"),
        "no entries": published(),
    }


def misshapen():
    """Bytes that are not published data."""
    ok = published(RUN, pay(0x01, 1, 2, 7))
    return {
        "another kind": ok[:4] + b"\x03" + ok[5:],
        "another version": ok[:6] + b"\x02" + ok[7:],
        "another magic": b"ALDM" + ok[4:],
        "empty": b"",
        "cut": ok[:-1],
        "more": ok + b"\0",
        "a count too large": published(RUN, count=2),
        "a count too small": published(RUN, pay(0x01, 1, 2, 7), count=1),
        "a long number": published(RUN, number=b"\x81\x00"),
        "a long operator": published(RUN, operator=b"\x81\x80\x00"),
        "number of 33 bits": published(RUN, number=varint(2**32 + 1)),
        "an empty run": published(RUN, pay(0x01, 1, 2, 7), b"\x00\x00"),
        "two runs": published(b"\x00\x01", b"\x00\x01"),
        "a run with a token": published(b"\x04\x02"),
        "a run with a unit": published(b"\x40\x02"),
        "token 0": published(RUN, pay(0x05, 1, 0, 2, 7)),
        "token of 17 bits": published(RUN, pay(0x05, 1, 65536, 2, 7)),
        "jump 0": published(RUN, pay(0x09, 1, 0, 2, 7)),
        "fee 0": published(RUN, pay(0x11, 1, 0, 2, 7)),
        "a fee in a small unit": published(RUN, pay(0x11, 1, 10**6, 2, 7)),
        "a fee in a middle unit": published(RUN, pay(0x21, 1, 10**6, 2, 7)),
        "a fee of 65 bits": published(RUN, pay(0x31, 1, 2**63, 2, 7)),
        "an amount in a small unit": published(RUN, pay(0x01, 1, 2, 10**4)),
        "an amount in a middle unit": published(RUN, pay(0x81, 1, 2, 10**4)),
        "amount 0 in a large unit": published(RUN, pay(0x41, 1, 2, 0)),
        "an amount of 129 bits": published(RUN, pay(0xC1, 1, 2, 2**127)),
        "account of 33 bits": published(RUN, pay(0x01, 2**32, 2, 7)),
        "a rotation with a unit": published(RUN, pay(0x43, 1, KEY)),
        "a rotation to no digest": published(RUN, pay(0x03, 1, NO_DIGEST)),
        "a long amount": published(RUN, pay(0x01, 1, 2, b"\x87\x00")),
    }


def untrue():
    """Published data in its form that no batch has: the rules or the queue forbid it."""
    return {
        "batch 2 first": published(RUN, number=b"\x02"),
        "batch 0": published(RUN, number=b"\x00"),
        "more items than there are": published(b"\x00\x03"),
        "from a stranger": published(RUN, pay(0x01, 3, 2, 7)),
        "from the system": published(RUN, pay(0x01, 0, 2, 7)),
        "to a stranger": published(RUN, pay(0x01, 1, 3, 7)),
        "before the deposit": published(pay(0x01, 1, 2, 7), RUN),
        "too much": published(RUN, pay(0xC1, 1, 2, 10**8 + 1)),
        "too much of a token": published(RUN, pay(0x05, 1, 3, 2, 7)),
        "no operator": published(RUN, pay(0x01, 1, 2, 7), operator=varint(999)),
        "the last epoch pays": published(RUN, pay(0x09, 1, 2**20 - 1, 2, 7)),
        "no epoch": published(RUN, pay(0x0B, 1, 2**20, KEY)),
    }


def rebuilt(data):
    """Our root after the published batch, or why there is none."""
    try:
        return text(agree.rebuild(CHAIN_ID, [data], ITEMS).point.state_root)
    except Malformed as error:
        return error


def compare_rebuild(tally, aludel, name, data, accepted, wanted):
    aludel.write("published.bin", data)
    ours = rebuilt(data)
    tally.expect(f"published, {name}", accepted, isinstance(ours, str))
    at = ["--queue", "queue.bin", "--chain-id", CHAIN_ID]
    status, out, said = aludel.run("rebuild", "published.bin", *at, accepted=None)
    tally.same(f"published, {name}: exit status of: {said.strip()}", wanted, status)
    if accepted:
        tally.same(f"published, {name}: our root in: {out.strip()}", True, str(ours) in out)
    tally.count("rebuilt batches" if accepted else "refusals")


def undecodable(signed):
    """Files of transactions and queues that are none."""
    data = files.transaction_file(wallet.unsigned(signed))
    rotation = files.transaction_file(wallet.unsigned(wallet.rotate(signed, [0] * 8)))
    action = 8 + 36
    return {
        "cut": data[:-1],
        "more": data + b"\0",
        "an action that is none": data[:action] + b"\x03" + data[action + 1 :],
        "a signature with p": data[:-4] + (2**31 - 2**24 + 1).to_bytes(4, "little"),
        "a key that is no digest": rotation[: action + 1] + NO_DIGEST + rotation[action + 33 :],
        "another kind": data[:4] + b"\x02" + data[5:],
        "another version": data[:6] + b"\x02" + data[7:],
    }


def compare_undecodable(tally, aludel, name, data):
    aludel.write("odd.bin", data)
    try:
        files.read_transaction_file(data)
        tally.expect(f"transaction, {name}", "no file", "a file")
    except Malformed:
        tally.count("refusals")
    status, *_ = aludel.run("execute", "--state", "state", "--chain-id", CHAIN_ID, "odd.bin", accepted=None)
    tally.same(f"transaction, {name}: exit status", 3, status)


def check(tally, aludel):
    aludel.write("queue.bin", files.write_queue(ITEMS))
    for cases, accepted, status in ((good(), True, 0), (misshapen(), False, 3), (untrue(), False, 4)):
        for name, data in cases.items():
            compare_rebuild(tally, aludel, name, data, accepted, 2 if name.startswith("batch") else status)
    for name, data in undecodable(wallet.transfer(CHAIN_ID, 1, 0, 0, 2, 7)).items():
        compare_undecodable(tally, aludel, name, data)
