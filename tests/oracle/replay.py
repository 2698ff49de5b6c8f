"""A sealed batch, checked from its own file: what it opens, what its entries do, what its header says."""
import agree
from chain import Chain
from poseidon2 import P
from records import Item, need
from state import ACCOUNTS, DEPTH, EMPTY, EXISTS, SLOTS, State, cell_digest, leaf_index


class Opened(State):
    """Some cells of a state; of the others nothing is known."""

    def peek(self, at):
        need(at in self.cells, "a cell that is not opened")
        return self.cells[at]


def check_cells(cells):
    addresses = [at for at, _ in cells]
    need(addresses == sorted(set(addresses)), "cells are not in ascending order")
    for (space, _, slot), payload in cells:
        need(space in DEPTH and (space == SLOTS or slot == 0), "an address that no cell has")
        need(max(payload) < P, "an element of p or more")
        need(payload[EXISTS] == 1 or payload == EMPTY, "a cell that does not exist is all zero")


def leaves_of(space, cells):
    return {leaf_index(at): cell_digest(at, payload) for at, payload in cells if at[0] == space}


def place(tree, leaves, take):
    """Puts opened leaves and their siblings into one space's tree, and makes the nodes above them."""
    touched = set(leaves)
    for height in range(tree.depth):
        for index in sorted({i ^ 1 for i in touched} - touched):
            tree.nodes[height, index] = take()
        touched = {index >> 1 for index in touched}
    tree.set(leaves)


def opened(batch):
    """The part of the state before the batch, of the root that the batch names."""
    check_cells(batch.cells)
    state, siblings = Opened({}), list(batch.siblings)
    state.cells = dict(batch.cells)

    def take():
        need(siblings, "too few siblings")
        return siblings.pop(0)

    for space in (ACCOUNTS, SLOTS):
        place(state.trees[space], leaves_of(space, batch.cells), take)
    for space in (ACCOUNTS, SLOTS):
        if not leaves_of(space, batch.cells):
            state.trees[space].nodes[DEPTH[space], 0] = take()
    need(not siblings, "too many siblings")
    need(state.root() == batch.prev.state_root, "the cells open another state")
    return state


def replay(file, check=False):
    """What the batch does; Malformed where it is no true one. `check` says whether signatures are."""
    chain = Chain(file.chain_id, opened(file), file.prev)
    need(file.header.number == file.prev.number + 1 < 2**32, "number")
    batch = chain.begin(file.header.operator)
    agree.offer(batch, file.entries, check)
    need(not batch.refusals, f"refused {batch.refusals and batch.refusals[0].reason}")
    items = sum(isinstance(entry, Item) for entry in batch.entries)
    need(file.prev.queue_index + items < 2**32, "queue index")
    need(batch.cells.touched == set(chain.state.cells), "cells that no entry touches")
    header = batch.header()
    for field, value in vars(header).items():
        need(value == getattr(file.header, field), f"header {field}")
    return batch
