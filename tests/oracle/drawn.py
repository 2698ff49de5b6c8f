"""A chain of drawn entries: few accounts, tokens and owners, amounts at the edges, so that outcomes of every kind meet.

We seal its batches, without signatures; `aludel inspect` must replay each to the same effects,
and `aludel rebuild` must come from what we publish to the same states.
"""
import random

import agree
import files
import published
import wallet
from chain import Chain
from poseidon2 import text
from records import Item
from rules import LIFETIME, MOST, Cells

CHAIN_ID, SEED, BATCHES, ENTRIES = 80, 11, 5, 40
OWNERS = [bytes([16 * i + j % 16 for j in range(20)]) for i in range(3)]
EDGES = [0, 1, 5, 10**4, 10**6 + 1, 10**12, 2**127, MOST - 10**4, MOST]
FEES = [0, 1, 10**6, 3 * 10**12]


def draw_item(draw):
    kind = draw.choice([1, 1, 1, 2, 2, 3, 3, 7])
    fields = draw.choice([0, 0, 1, 9]), draw.choice(EDGES), draw.randrange(6), draw.choice(OWNERS)
    return Item(kind, *fields, draw.randbytes(32))


def draw_transaction(draw, batch):
    """Of an account that may exist, at its sequence and an epoch that it may use."""
    sender = draw.randrange(1, 6)
    account = Cells(batch.cells).account(sender)  # so that the batch is not taken to read it
    sequence, free = (account.sequence, account.next_epoch) if account else (0, 0)
    epoch = draw.choice([free, free, free + draw.randrange(200), LIFETIME - 1])
    more = {"token": draw.choice([0, 0, 1, 9]), "fee": draw.choice(FEES), "expiry": batch.context.number}
    pay = wallet.transfer(CHAIN_ID, sender, sequence, epoch, draw.randrange(6), draw.choice(EDGES), **more)
    kinds = [pay, pay, wallet.withdraw(pay, draw.choice(OWNERS), pay.amount), wallet.rotate(pay, range(sender, sender + 8))]
    return wallet.unsigned(draw.choice(kinds))


def draw_batch(draw, chain):
    """A batch, and its entries as a file has them; what the rules refuse stays out."""
    batch, entries = chain.begin(draw.randrange(1, 4)), []
    while len(entries) < ENTRIES:
        if draw.random() < 0.4:
            entry = draw_item(draw)
            batch.item(entry)
        else:
            entry = draw_transaction(draw, batch)
            if batch.signed(entry, check=False):
                continue
        entries.append(entry)
    return batch, entries


def compare_replayed(tally, aludel, what, batch, sealed):
    aludel.write("drawn.bin", files.write_batch(sealed))
    shown = aludel.inspect("drawn.bin")
    tally.same(f"{what}: effects", agree.effects_as_json(batch), shown["effects"])
    tally.count("batches")
    tally.count("entries", len(sealed.entries))


def compare_rebuilt(tally, aludel, published_, items, points):
    """From our published data and queue the binary must come to each of our statements."""
    aludel.write("queue.bin", files.write_queue(items))
    names, statements = [], []
    for i, data in enumerate(published_):
        names.append(aludel.write(f"{i + 1}.bin", data).name)
        statement = agree.statement_between(aludel, CHAIN_ID, points[i], points[i + 1])
        statements += ["--statement", aludel.write(f"statement-{i + 1}.bin", files.write_statement(statement)).name]
    status, out, said = aludel.run("rebuild", *names, "--queue", "queue.bin", *statements, accepted=None)
    tally.same(f"seed {SEED}: rebuilt at our statements: {said.strip()}", 0, status)
    tally.same(f"seed {SEED}: our root in: {out.strip()}", True, text(points[-1].state_root) in out)
    tally.count("rebuilt batches", len(names))


def check(tally, aludel):
    draw, chain = random.Random(SEED), Chain(CHAIN_ID)
    points, datas, items = [chain.point], [], []
    for number in range(1, BATCHES + 1):
        batch, entries = draw_batch(draw, chain)
        cells, siblings = chain.state.opening(batch.cells.touched)
        header = chain.seal(batch)
        sealed = files.BatchFile(batch.prev, CHAIN_ID, header, entries, cells, siblings)
        compare_replayed(tally, aludel, f"seed {SEED}, batch {number}", batch, sealed)
        points.append(chain.point)
        datas.append(published.write(number, header.operator, batch.entries, batch.jumps))
        items += [entry for entry in entries if isinstance(entry, Item)]
    compare_rebuilt(tally, aludel, datas, items, points)
