#!/usr/bin/env python3
"""The signature scheme in plain Python, independent of our code.

Keys, signatures and verification follow docs/decisions/0002-xmss-parameters.md, over the Poseidon2 of poseidon2.py.
`xmss.py` checks that xmss.json holds what it computes; `xmss.py --write` writes it. The ledger's tests compare its keys
and signatures with the same file.
"""
import json
import pathlib
import sys

from poseidon2 import P, compress, hash_fields, limbs, text

CHAINS, BASE, TARGET, DEPTH = 46, 8, 210, 20
KEY, MESSAGE, LEAF, CHAIN, NODE, SECRET = 11, 12, 13, 15, 16, 17


def head(tag, position, parameter):
    return [tag, position, 0] + parameter


class Key:
    def __init__(self, seed, chain_id, counter, start, log_size):
        pairs = [seed[i] | seed[i + 1] << 8 for i in range(0, 32, 2)]
        fields = pairs + limbs(chain_id, 4) + limbs(counter, 4) + limbs(start, 2) + [log_size]
        self.secret = hash_fields(SECRET, fields)
        self.start, self.log_size = start, log_size
        self.parameter = self.prf(1, 0, 0)[:5]
        leaves = {e: self.leaf(e) for e in range(start, start + 2**log_size)}
        self.levels = [leaves]
        for level in range(DEPTH):
            below = self.levels[level]
            above = {i >> 1 for i in below}
            self.levels.append({i: self.node(level, i, [self.at(level, 2 * i), self.at(level, 2 * i + 1)]) for i in above})
        self.root = self.levels[DEPTH][0]
        self.digest = compress(head(KEY, 0, self.parameter) + self.root + [0] * 8)

    def prf(self, purpose, a, b, data=(0,) * 8):
        return compress([SECRET << 16 | purpose, a, b, 0, 0, 0, 0, 0] + self.secret + list(data))

    def at(self, level, index):
        return self.levels[level].get(index) or self.prf(3, level, index)

    def node(self, level, index, children):
        return node(self.parameter, level, index, *children)

    def leaf(self, epoch):
        ends = [walk(self.parameter, epoch, c, 0, BASE - 1, self.prf(2, epoch, c)) for c in range(CHAINS)]
        return leaf(self.parameter, epoch, ends)

    def sign(self, epoch, message):
        randomness = self.prf(4, epoch, 0, message)
        while (digits := encode(self.parameter, epoch, message, randomness)) is None:
            randomness = randomness[:7] + [(randomness[7] + 1) % P]
        chains = [walk(self.parameter, epoch, c, 0, d, self.prf(2, epoch, c)) for c, d in enumerate(digits)]
        path = [self.at(level, epoch >> level ^ 1) for level in range(DEPTH)]
        return self.parameter, randomness, chains, path


def walk(parameter, epoch, chain, start, end, value):
    for position in range(start, end):
        value = compress(value + parameter + [epoch, CHAIN << 16 | BASE * chain + position, 0])
    return value


def leaf(parameter, epoch, ends):
    state = head(LEAF, epoch, parameter)
    for i in range(0, CHAINS, 2):
        state = compress(state + ends[i] + ends[i + 1])
    return state


def node(parameter, level, index, left, right):
    return compress(head(NODE << 16 | level, index, parameter) + left + right)


def encode(parameter, epoch, message, randomness):
    words = compress(head(MESSAGE, epoch, parameter) + message + randomness)[:6]
    if P - 1 in words:
        return None
    digits = [a // 127 // BASE**i % BASE for a in words for i in reversed(range(8))][:CHAINS]
    return digits if sum(digits) == TARGET else None


def opens(epoch, message, signature):
    """The key digest that a signature opens, or None."""
    parameter, randomness, chains, path = signature
    digits = encode(parameter, epoch, message, randomness)
    if digits is None or not 0 <= epoch < 2**DEPTH:
        return None
    ends = [walk(parameter, epoch, c, d, BASE - 1, v) for c, (d, v) in enumerate(zip(digits, chains))]
    value = leaf(parameter, epoch, ends)
    for level, sibling in enumerate(path):
        pair = [sibling, value] if epoch >> level & 1 else [value, sibling]
        value = node(parameter, level, epoch >> level + 1, *pair)
    return compress(head(KEY, 0, parameter) + value + [0] * 8)


def vector(seed, chain_id, counter, start, log_size, epoch, message):
    key = Key(seed, chain_id, counter, start, log_size)
    signature = key.sign(epoch, message)
    assert opens(epoch, message, signature) == key.digest
    parameter, randomness, chains, path = signature
    return {
        "seed": bytes(seed).hex(),
        "chain_id": chain_id,
        "counter": counter,
        "window": {"start": start, "log_size": log_size},
        "epoch": epoch,
        "message": text(message),
        "key": text(key.digest),
        "signature": text(parameter + randomness + sum(chains, []) + sum(path, [])),
    }


def main():
    file = pathlib.Path(__file__).with_suffix(".json")
    vectors = [
        vector(list(range(32)), 1, 0, 0, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
        vector([255] * 32, 2**64 - 1, 2**40 + 5, 2**20 - 4, 2, 2**20 - 2, [P - 1] * 8),
    ]
    computed = json.dumps(vectors, indent=1) + "\n"
    if sys.argv[1:] == ["--write"]:
        file.write_text(computed)
    elif file.read_text() != computed:
        sys.exit(f"{file} is not what this script computes")
    print(f"{len(vectors)} keys and signatures agree with {file.name}")


if __name__ == "__main__":
    main()
