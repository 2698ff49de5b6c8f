"""Batches: entries in order, the header over them, and the checkpoint that they lead to."""
from dataclasses import dataclass, field

import rules
from records import Checkpoint, Header, Item, roll_header, roll_item, roll_published, start_of
from state import NEXT_EPOCH, Tree, account_at, genesis

WITHDRAWALS_DEPTH = 16


@dataclass
class Batch:
    """One batch in the making, and what came of it. `entries` are records without signatures; `jumps` has the epoch
    jump of each transaction, None of an item; `no_ops` and `refusals` are by position among what was offered."""

    context: rules.Context
    cells: rules.Cells
    prev: Checkpoint
    entries: list = field(default_factory=list)
    jumps: list = field(default_factory=list)
    no_ops: list = field(default_factory=list)
    refusals: list = field(default_factory=list)
    left: list = field(default_factory=list)

    def item(self, item):
        reason, paid = rules.apply_item(self.cells, item)
        if reason:
            self.no_ops.append((len(self.entries), reason))
        self.enter(item, None, paid)

    def signed(self, signed, check=True):
        """Applies a transaction, or notes why not."""
        tx, next_epoch = signed.tx, self.cells.peek(account_at(signed.tx.sender))[NEXT_EPOCH]
        try:
            paid = rules.apply_transaction(self.cells, self.context, tx, signed.signature if check else None)
        except rules.Refused as refused:
            self.refusals.append(refused)
            return refused
        self.enter(tx, tx.epoch - next_epoch, paid)
        return None

    def enter(self, entry, jump, paid):
        self.left += rules.numbered(self.context, self.left, paid)
        self.entries.append(entry)
        self.jumps.append(jump)

    def header(self):
        tree = Tree(WITHDRAWALS_DEPTH)
        tree.set({w.index: w.leaf() for w in self.left})
        pubdata = start_of("pubdata")
        for entry in self.entries:
            pubdata = roll_published(pubdata, entry)
        items = sum(isinstance(entry, Item) for entry in self.entries)
        counts = len(self.entries) - items, items, len(self.left)
        return Header(self.context.number, self.context.operator, *counts, pubdata, tree.root())


class Chain:
    """A state and the digests that roll."""

    def __init__(self, chain_id, state=None, point=None):
        self.chain_id = chain_id
        self.state = state or genesis()
        self.point = point or Checkpoint(0, self.state.root(), start_of("headers"), start_of("queue"), 0)

    def begin(self, operator):
        context = rules.Context(self.chain_id, self.point.number + 1, operator)
        return Batch(context, rules.Cells(self.state), self.point)

    def seal(self, batch):
        """The header; afterwards the chain is at the batch's end."""
        header, items = batch.header(), [e for e in batch.entries if isinstance(e, Item)]
        queue = self.point.queue
        for item in items:
            queue = roll_item(queue, item)
        self.state.write(batch.cells.written)
        headers = roll_header(self.point.headers, header)
        self.point = Checkpoint(header.number, self.state.root(), headers, queue, self.point.queue_index + len(items))
        return header
