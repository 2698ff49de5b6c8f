"""The state: cells of 20 elements under addresses, and the sparse Merkle tree over them (docs/records.md, "State").

A space is a tree of its own, of depth 32 (accounts) or 48 (slots: account, then slot); the root joins them.
"""
from poseidon2 import ZERO, compress, limbs

ACCOUNTS, SLOTS = 0, 1
DEPTH = {ACCOUNTS: 32, SLOTS: 48}
CELL_TAG = 2
EMPTY = (0,) * 20
NEXT_EPOCH, EXISTS = 10, 11


def empty_roots():
    roots = [ZERO]
    for _ in range(48):
        roots.append(compress(roots[-1] * 2))
    return roots


EMPTY_ROOTS = empty_roots()


def account_at(account):
    return (ACCOUNTS, account, 0)


def slot_at(account, slot):
    return (SLOTS, account, slot)


COUNTER = slot_at(0, 0)


def owner_at(account):
    return slot_at(account, 0)


def balance_at(account, token):
    return slot_at(account, token)


def with_exists(head):
    """A payload whose first elements are `head` and which exists."""
    payload = list(head) + [0] * (20 - len(head))
    payload[EXISTS] = 1
    return tuple(payload)


def account_payload(key, sequence, next_epoch, balance):
    return (*key, *limbs(sequence, 2), next_epoch, 1, *limbs(balance, 8))


def balance_payload(balance):
    return (0,) * EXISTS + (1, *limbs(balance, 8))


def whole(elements):
    return sum(limb << 16 * i for i, limb in enumerate(elements))


def cell_digest(at, payload):
    if payload == EMPTY:
        return ZERO
    space, account, slot = at
    return compress([CELL_TAG + space, account >> 16, account & 0xFFFF, slot, *payload])


def leaf_index(at):
    space, account, slot = at
    return account << 16 | slot if space == SLOTS else account


class Tree:
    """One space, or a batch's withdrawals: digests by height and index; what is not there is empty."""

    def __init__(self, depth):
        self.depth = depth
        self.nodes = {}

    def at(self, height, index):
        return self.nodes.get((height, index), EMPTY_ROOTS[height])

    def set(self, leaves):
        """Puts leaves in, `index: digest`, and makes the nodes above them anew."""
        self.nodes.update({(0, index): digest for index, digest in leaves.items()})
        touched = set(leaves)
        for height in range(self.depth):
            touched = {index >> 1 for index in touched}
            for index in touched:
                pair = self.at(height, 2 * index) + self.at(height, 2 * index + 1)
                self.nodes[height + 1, index] = compress(pair)

    def root(self):
        return self.at(self.depth, 0)

    def path(self, index):
        return [self.at(height, index >> height ^ 1) for height in range(self.depth)]

    def siblings(self, indices):
        """What one needs beside the leaves at `indices` to make the root, by height, then index."""
        out, touched = [], set(indices)
        for height in range(self.depth):
            out += [self.at(height, index) for index in sorted({i ^ 1 for i in touched} - touched)]
            touched = {index >> 1 for index in touched}
        return out


class State:
    def __init__(self, cells):
        self.cells = {}
        self.trees = {space: Tree(depth) for space, depth in DEPTH.items()}
        self.write(cells)

    def peek(self, at):
        return self.cells.get(at, EMPTY)

    def write(self, cells):
        changed = {at: payload for at, payload in cells.items() if payload != self.peek(at)}
        self.cells.update(changed)
        for space, tree in self.trees.items():
            tree.set({leaf_index(at): cell_digest(at, p) for at, p in changed.items() if at[0] == space})

    def root(self):
        return compress(self.trees[ACCOUNTS].root() + self.trees[SLOTS].root())

    def opening(self, addresses):
        """The cells at the addresses, in order, and the siblings on their ways to the root; last the roots of spaces
        in which none is."""
        siblings, closed = [], []
        for space, tree in self.trees.items():
            indices = [leaf_index(at) for at in addresses if at[0] == space]
            siblings += tree.siblings(indices)
            closed += [] if indices else [tree.root()]
        return [(at, self.peek(at)) for at in sorted(addresses)], siblings + closed


def genesis():
    """Nothing but the counter, at the number of the first account to come."""
    return State({COUNTER: with_exists(limbs(1, 2))})
