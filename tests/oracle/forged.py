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
    """Batches whose entry the rules forbid, or which the chain has no number for, why, and in which words."""
    spent, full = world(3, (LAST, 9), (0, 0)), world(3, (0, 9), (0, MOST - 4))
    return {
        "after the last sequence": (forced_in(spent, pay(LAST, 4)), "refused last_sequence", "used its last sequence"),
        "a balance too small": (forced_in(full, pay(0, 10)), "refused balance", "amount and fee are 10"),
        "a balance too large": (forced_in(full, pay(0, 5)), "refused overflow", "exceed 2^128 - 1"),
        "a cell too many": (opening(full, 1, 2, 5), "cells that no entry touches", "touch"),
        "a cell too few": (opening(full, 1), "a cell that is not opened", "cell"),
        "to a stranger": (forced_in(full, pay(0, 1, to=9)), "refused no_account", "recipient 9 does not exist"),
    }


def forced_in(state, signed):
    """A batch with an entry that the rules forbid, its header as if it had had its place."""
    sealed = seal(state, point(state), [])
    touched = [account_at(1), account_at(signed.tx.to)]
    cells, siblings = state.opening(touched)
    header = Header(**vars(sealed.header) | {"transactions": 1})
    return sealed._replace(entries=[signed], header=header, cells=cells, siblings=siblings)


def opening(state, *accounts):
    """A batch with one transfer from account 1 to 2, and just these accounts opened."""
    sealed = seal(state, point(state), [pay(0, 1)])
    cells, siblings = state.opening([account_at(account) for account in accounts])
    return sealed._replace(cells=cells, siblings=siblings)


def bump(elements):
    return [elements[0] ^ 1] + elements[1:]


def changed_header(batch):
    """A true batch with one thing of its header changed, why we refuse it, and the words with which the binary does."""
    h = batch.header
    head = lambda **fields: batch._replace(header=Header(**vars(h) | fields))
    return {
        "number": (head(number=h.number + 1), "number", "number"),
        "transactions": (head(transactions=h.transactions + 1), "header transactions", "count of transactions"),
        "queue items": (head(queue_items=h.queue_items + 1), "header queue_items", "count of queue items"),
        "withdrawals": (head(withdrawals=h.withdrawals + 1), "header withdrawals", "count of withdrawals"),
        "pubdata": (head(pubdata=bump(h.pubdata)), "header pubdata", "digest of published data"),
        "withdrawals root": (head(withdrawals_root=bump(h.withdrawals_root)), "header withdrawals_root", "root of withdrawals"),
    }


def changed_opening(batch):
    """The same of what it begins with."""
    cells, siblings, other = batch.cells, batch.siblings, "the cells open another state"
    at, payload = cells[-1]
    prev = Checkpoint(**vars(batch.prev) | {"state_root": bump(batch.prev.state_root)})
    richer = (at, payload[:-1] + (payload[-1] ^ 1,))
    return {
        "state root": (batch._replace(prev=prev), other, "open the state"),
        "a cell": (batch._replace(cells=cells[:-1] + [richer]), other, "open the state"),
        "a sibling": (batch._replace(siblings=siblings[:-1] + [bump(siblings[-1])]), other, "open the state"),
        "a sibling less": (batch._replace(siblings=siblings[:-1]), "too few siblings", "sibling"),
        "a sibling more": (batch._replace(siblings=siblings + siblings[:1]), "too many siblings", "sibling"),
        "cells out of order": (batch._replace(cells=cells[1:] + cells[:1]), "cells are not in ascending order", "order"),
        "the chain": (batch._replace(chain_id=batch.chain_id + 1), "refused chain", "chain"),
    }


def changed_entries(batch):
    """The same of its entries: of the first transfer, or of an account's first transaction."""
    entries = batch.entries
    i = next(i for i, e in enumerate(entries) if not isinstance(e, Item) and e.tx.action == "transfer")
    tx = entries[i].tx
    put = lambda *instead: batch._replace(entries=entries[:i] + list(instead) + entries[i + 1 :])
    return {
        "a signature": (put(wallet.unsigned(tx)), "refused signature", "another message, epoch or key was signed"),
        "an amount": (put(wallet.unsigned(tx.but(amount=tx.amount + 1))), "header pubdata", "digest of published data"),
        "an entry twice": (put(entries[i], entries[i]), "refused sequence", "sequence"),
        "an entry less": (put(), "refused sequence", "sequence"),
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


def why_not(data, check):
    """Why a batch is none, by our replay; None where it is one."""
    try:
        replay(files.read_batch(data), check)
    except Malformed as error:
        return str(error)
    return None


def compare_refused(tally, aludel, name, batch, reason, words):
    data = files.write_batch(batch)
    aludel.write("forged.bin", data)
    ours = why_not(data, check="signature" in name)
    tally.expect(name, reason, ours)
    tally.count("refusals")
    tally.count(f"refusal {reason.removeprefix('refused ')}")
    status, _, said = aludel.run("prove", "forged.bin", "-o", "forged.proof", accepted=None)
    tally.same(f"{name}: refused", True, status in (1, 3, 4))
    tally.same(f"{name}: {words!r} in: {said.strip()}", True, words in said)


def check(tally, aludel):
    for name, (batch, reasons) in true_cases().items():
        compare_true(tally, aludel, name, batch, reasons)
    for name, case in refused_cases().items():
        compare_refused(tally, aludel, name, *case)
    made = aludel.folder.parent / "demo" / "batches"
    base = files.read_batch(sorted(made.glob("*.bin"))[-1].read_bytes())
    for change in (changed_header, changed_opening, changed_entries):
        for name, case in change(base).items():
            compare_refused(tally, aludel, f"{change.__name__}, {name}", *case)
