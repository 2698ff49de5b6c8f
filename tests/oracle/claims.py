"""Claims to withdrawals: the bytes that the binary makes of a demo's batches, and what it says of spoilt ones."""
from collections import namedtuple

import files
from poseidon2 import chain, compress, digest_bytes
from records import roll_header, start_of
from state import Tree

DEPTH = 16
Claim = namedtuple("Claim", "withdrawal path header before after")


def make(headers, left, number, index):
    """Of the batches' headers and withdrawals, from the first on."""
    before = start_of("headers")
    for header in headers[: number - 1]:
        before = roll_header(before, header)
    tree = Tree(DEPTH)
    tree.set({w.index: w.leaf() for w in left[number - 1]})
    after = [header.digest() for header in headers[number:]]
    return Claim(left[number - 1][index], tree.path(index), headers[number - 1], before, after)


def encode(claim):
    parts = claim.withdrawal.encode(), *map(digest_bytes, claim.path), claim.header.encode(), digest_bytes(claim.before)
    after = b"".join(map(digest_bytes, claim.after))
    return files.wrap("claim", b"".join(parts) + len(claim.after).to_bytes(4, "little") + after)


def root_from(claim):
    value, index = claim.withdrawal.leaf(), claim.withdrawal.index
    for height, sibling in enumerate(claim.path):
        value = compress(sibling + value if index >> height & 1 else value + sibling)
    return value


def holds(claim, point):
    """Whether a claim is one under a statement that ends at the point."""
    w, h = claim.withdrawal, claim.header
    headers = roll_header(claim.before, h)
    for later in claim.after:
        headers = chain(headers, later + [0] * 8)
    named = w.number == h.number and w.index < h.withdrawals and h.number + len(claim.after) == point.number
    return named and root_from(claim) == h.withdrawals_root and headers == point.headers


def spoilt(claim):
    """A claim with one thing changed."""
    bump = lambda digest: [digest[0] ^ 1] + digest[1:]
    of = lambda record, **fields: type(record)(**vars(record) | fields)
    w, h = claim.withdrawal, claim.header
    return {
        "number": claim._replace(withdrawal=of(w, number=w.number + 1)),
        "index": claim._replace(withdrawal=of(w, index=w.index ^ 1)),
        "token": claim._replace(withdrawal=of(w, token=w.token ^ 1)),
        "amount": claim._replace(withdrawal=of(w, amount=w.amount + 1)),
        "to": claim._replace(withdrawal=of(w, to=bytes(20))),
        "path": claim._replace(path=[bump(claim.path[0])] + claim.path[1:]),
        "top of the path": claim._replace(path=claim.path[:-1] + [bump(claim.path[-1])]),
        "withdrawals of the header": claim._replace(header=of(h, withdrawals=w.index)),
        "pubdata of the header": claim._replace(header=of(h, pubdata=bump(h.pubdata))),
        "headers before": claim._replace(before=bump(claim.before)),
        "a header more": claim._replace(after=claim.after + [h.digest()]),
        "no headers after": claim._replace(after=[]),
    }


def compare_spoilt(tally, aludel, claim, point):
    for name, bad in spoilt(claim).items():
        aludel.write("spoilt.claim", encode(bad))
        tally.expect(f"claim, {name}", False, holds(bad, point))
        status, *_ = aludel.run("verify-claim", "spoilt.claim", "--statement", "statement.bin", accepted=None)
        tally.same(f"claim, {name}: exit status", 1, status)
        tally.count("refusals")


def check(tally, aludel, headers, left, point):
    """Every withdrawal of the batches in this folder."""
    sealed = [f"batches/{number}.bin" for number in range(1, len(headers) + 1)]
    for w in (w for batch in left for w in batch):
        claim = make(headers, left, w.number, w.index)
        where = ["--batch", w.number, "--index", w.index]
        aludel.run("claim", *sealed, *where, "-o", "our.claim")
        tally.same(f"claim {w.number}, {w.index}", encode(claim), aludel.read("our.claim"))
        tally.expect(f"claim {w.number}, {w.index}", True, holds(claim, point))
        aludel.run("verify-claim", "our.claim", "--statement", "statement.bin")
        tally.count("claims")
    first = next(w for batch in left for w in batch)
    compare_spoilt(tally, aludel, make(headers, left, first.number, first.index), point)
