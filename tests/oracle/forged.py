"""Batches that we sealed ourselves: over states that no demo reaches, and true ones with one thing changed.

`aludel inspect` replays a batch without its signatures and shows what it did; `aludel prove` says why it does not take one.
"""
import agree
import files
import wallet
from chain import Chain
from poseidon2 import limbs
from records import Checkpoint, Header, Item, Malformed, start_of
from replay import replay
from rules import LAST, MOST
from state import COUNTER, State, account_at, account_payload, with_exists

CHAIN_ID = 78
KEY, HOME = bytes(range(32)), bytes(range(20))
DEPOSIT = Item(2, 0, 5, 0, HOME, KEY)
UNKNOWN = Item(9, 1, MOST, 0, HOME, KEY)


def world(next_account, *accounts):
    """A state with the counter and, from account 1 on, these: pairs of sequence and balance."""
    cells = {COUNTER: with_exists(limbs(next_account, 2))}
    for i, (sequence, balance) in enumerate(accounts):
        cells[account_at(i + 1)] = account_payload(list(range(8)), sequence, 0, balance)
    return State(cells)


def point(state, number=0, index=0):
    return Checkpoint(number, state.root(), start_of("headers"), start_of("queue"), index)


def seal(state, prev, entries):
    """The file of a batch over a state, and what it does; entries are taken as they are, refused or not."""
    chain = Chain(CHAIN_ID, state, prev)
    batch = chain.begin(1)
    agree.offer(batch, entries, check=False)
    header = batch.header()
    cells, siblings = state.opening(batch.cells.touched)
    return files.BatchFile(prev, CHAIN_ID, header, entries, cells, siblings)


def pay(sequence, amount, epoch=0, to=2):
    return wallet.unsigned(wallet.transfer(CHAIN_ID, 1, sequence, epoch, to, amount))


def true_cases():
    """Batches at the ends of what can be, with the no-ops that they must have."""
    few, last, full = world(LAST - 1), world(LAST), world(3, (LAST - 1, 9), (0, MOST - 4))
    return {
        "the last number, then none": (seal(few, point(few), [DEPOSIT] * 3), ["no_number"] * 2),
        "no number": (seal(last, point(last), [DEPOSIT]), ["no_number"]),
        "no cell is touched": (seal(last, point(last), [UNKNOWN]), ["unknown_kind"]),
        "the last sequence but one": (seal(full, point(full), [pay(LAST - 1, 4)]), []),
        "the last batch": (seal(last, point(last, number=LAST - 1), [DEPOSIT]), ["no_number"]),
        "the last item": (seal(last, point(last, index=LAST - 1), [DEPOSIT]), ["no_number"]),
    }


def refused_cases():
    """Batches whose entry the rules forbid, or which the chain has no number for, and why."""
    spent, full = world(3, (LAST, 9), (0, 0)), world(3, (0, 9), (0, MOST - 4))
    return {
        "after the last sequence": (forced_in(spent, pay(LAST, 4)), "used its last sequence"),
        "a balance too small": (forced_in(full, pay(0, 10)), "amount and fee are 10"),
        "a balance too large": (forced_in(full, pay(0, 5)), "exceed 2^128 - 1"),
        "from a stranger": (forced_in(full, pay(0, 1, to=9)), "recipient 9 does not exist"),
    }


def forced_in(state, signed):
    """A batch with an entry that the rules forbid, its header as if it had had its place."""
    sealed = seal(state, point(state), [])
    touched = [account_at(1), account_at(signed.tx.to)]
    cells, siblings = state.opening(touched)
    header = Header(**vars(sealed.header) | {"transactions": 1})
    return sealed._replace(entries=[signed], header=header, cells=cells, siblings=siblings)


def changed(batch):
    """A true batch with one thing changed, and the words with which the binary refuses it."""
    bump = lambda digest: [digest[0] ^ 1] + digest[1:]
    head = lambda **fields: batch._replace(header=Header(**vars(batch.header) | fields))
    prev = lambda **fields: batch._replace(prev=Checkpoint(**vars(batch.prev) | fields))
    h, cells = batch.header, batch.cells
    at, payload = cells[-1]
    first = next(i for i, e in enumerate(batch.entries) if not isinstance(e, Item))
    amount = next(i for i, e in enumerate(batch.entries) if not isinstance(e, Item) and e.tx.action == "transfer")
    of_entries = lambda entries: batch._replace(entries=entries)
    more = wallet.unsigned(batch.entries[amount].tx.but(amount=batch.entries[amount].tx.amount + 1))
    damaged = batch.entries[amount]._replace(signature=wallet.NO_SIGNATURE)
    swapped = lambda i, entry: batch.entries[:i] + [entry] + batch.entries[i + 1 :]
    return {
        "header number": (head(number=h.number + 1), "number"),
        "header transactions": (head(transactions=h.transactions + 1), "count of transactions"),
        "header queue items": (head(queue_items=h.queue_items + 1), "count of"),
        "header withdrawals": (head(withdrawals=h.withdrawals + 1), "count of withdrawals"),
        "header pubdata": (head(pubdata=bump(h.pubdata)), "digest of published data"),
        "header withdrawals root": (head(withdrawals_root=bump(h.withdrawals_root)), "withdrawals"),
        "state root": (prev(state_root=bump(batch.prev.state_root)), "open the state"),
        "a cell": (batch._replace(cells=cells[:-1] + [(at, payload[:-1] + (payload[-1] ^ 1,))]), "open the state"),
        "a sibling": (batch._replace(siblings=batch.siblings[:-1] + [bump(batch.siblings[-1])]), "open the state"),
        "a sibling less": (batch._replace(siblings=batch.siblings[:-1]), "sibling"),
        "a sibling more": (batch._replace(siblings=batch.siblings + batch.siblings[:1]), "sibling"),
        "cells out of order": (batch._replace(cells=cells[1:] + cells[:1]), "order"),
        "the chain": (batch._replace(chain_id=batch.chain_id + 1), "chain"),
        "a signature": (of_entries(swapped(amount, damaged)), "another message, epoch or key was signed"),
        "an amount": (of_entries(swapped(amount, more)), "digest of published data"),
        "an entry twice": (of_entries(batch.entries[: first + 1] + batch.entries[first:]), "sequence"),
        "an entry less": (of_entries(batch.entries[:first] + batch.entries[first + 1 :]), ""),
    }


def compare_true(tally, aludel, name, batch, reasons):
    data = files.write_batch(batch)
    aludel.write("forged.bin", data)
    ours = replay(files.read_batch(data))
    tally.expect(name, reasons, [reason for _, reason in ours.no_ops])
    shown = aludel.inspect("forged.bin")
    tally.same(f"{name}: effects", agree.effects_as_json(ours), shown.get("effects"))
    tally.count("no-ops", len(reasons))
    for reason in reasons:
        tally.count(f"no-op {reason}")
    tally.count("batches")
    tally.count("entries", len(batch.entries))


def compare_refused(tally, aludel, name, batch, words):
    data = files.write_batch(batch)
    aludel.write("forged.bin", data)
    try:
        replay(files.read_batch(data), check="signature" in name)
        tally.expect(name, "a refusal", "a true batch")
    except Malformed as said:
        tally.count("refusals")
        tally.count(f"refusal {str(said).removeprefix('refused ')}")
    status, _, said = aludel.run("prove", "forged.bin", "-o", "forged.proof", accepted=None)
    tally.same(f"{name}: refused", True, status in (1, 3, 4))
    tally.same(f"{name}: {said.strip()}: says {words!r}", True, words in said)


def check(tally, aludel):
    for name, (batch, reasons) in true_cases().items():
        compare_true(tally, aludel, name, batch, reasons)
    for name, (batch, words) in refused_cases().items():
        compare_refused(tally, aludel, name, batch, words)
    made = aludel.folder.parent / "demo" / "batches"
    base = files.read_batch(sorted(made.glob("*.bin"))[-1].read_bytes())
    for name, (batch, words) in changed(base).items():
        compare_refused(tally, aludel, f"demo's last batch, {name}", batch, words)
