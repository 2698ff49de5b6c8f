"""KoalaBear, Poseidon2 and the hashes that are made of it, in plain Python, independent of our code.

Poseidon2 (eprint 2023/323) makes its round constants with the Grain LFSR; the diagonal of the internal matrix, which
the paper leaves open, is the one that Plonky3 chose. The hashes follow docs/records.md, "Hashes".
"""

P = 2**31 - 2**24 + 1
FULL, PARTIAL = 8, {16: 20, 24: 23}
ZERO = [0] * 8


def grain(width):
    """Round constants: Grain LFSR over an 80-bit state, self-shrinking, 31 bits a constant, those of p or more skipped."""
    fields = [(1, 2), (0, 4), (31, 12), (width, 12), (FULL, 10), (PARTIAL[width], 10), (2**30 - 1, 30)]
    state = [int(bit) for value, size in fields for bit in format(value, f"0{size}b")]

    def step():
        state.append(state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0])
        state.pop(0)
        return state[-1]

    def bit():
        while step() == 0:
            step()
        return step()

    for _ in range(160):
        step()
    while True:
        value = int("".join(str(bit()) for _ in range(31)), 2)
        if value < P:
            yield value


def constants(width):
    take = grain(width)
    first = [[next(take) for _ in range(width)] for _ in range(FULL // 2)]
    middle = [next(take) for _ in range(PARTIAL[width])]
    last = [[next(take) for _ in range(width)] for _ in range(FULL // 2)]
    return first, middle, last


def inverse_power(n):
    return pow(2, -n, P)


def diagonal(width):
    """The internal matrix is all ones plus this diagonal: small numbers and inverse powers of two."""
    h = inverse_power
    common = [-2, 1, 2, h(1), 3, 4, -h(1), -3, -4]
    rest = {
        16: [h(8), h(3), h(24), -h(8), -h(3), -h(4), -h(24)],
        24: [h(8), h(2), h(3), h(4), h(5), h(6), h(24)] + [-h(n) for n in (8, 3, 4, 5, 6, 7, 9, 24)],
    }
    return common + rest[width]


CONSTANTS = {w: constants(w) for w in (16, 24)}
DIAGONAL = {w: diagonal(w) for w in (16, 24)}


def external(x):
    """Each four times [[2, 3, 1, 1], [1, 2, 3, 1], [1, 1, 2, 3], [3, 1, 1, 2]], plus the sums over fours. Not reduced."""
    y = []
    for i in range(0, len(x), 4):
        a, b, c, d = x[i : i + 4]
        s = a + b + c + d
        y += [s + a + 2 * b, s + b + 2 * c, s + c + 2 * d, s + d + 2 * a]
    sums = [sum(y[r::4]) for r in range(4)] * (len(x) // 4)
    return [v + s for v, s in zip(y, sums)]


def full_round(x, constants):
    cubed = []
    for v, c in zip(x, constants):
        v = (v + c) % P
        cubed.append(v * v % P * v % P)
    return external(cubed)


def permute(x):
    first, middle, last = CONSTANTS[len(x)]
    diag = DIAGONAL[len(x)]
    x = external(x)
    for rc in first:
        x = full_round(x, rc)
    for c in middle:
        v = (x[0] + c) % P
        x[0] = v * v % P * v % P
        total = sum(x)
        x = [(total + d * v) % P for d, v in zip(diag, x)]
    for rc in last:
        x = full_round(x, rc)
    return x


def compress(x):
    """`compress16` or `compress24`, as many elements as there are."""
    return [(a + b) % P for a, b in zip(permute(x)[:8], x)]


def limbs(value, count):
    return [value >> 16 * i & 0xFFFF for i in range(count)]


def chain(state, elements):
    """Absorbs 16 elements a call, the last call filled with zeros."""
    for i in range(0, len(elements), 16):
        block = elements[i : i + 16]
        state = compress(state + block + [0] * (16 - len(block)))
    return state


def hash_fields(tag, fields):
    """A record: the chain that begins at its tag and length."""
    return chain([tag, len(fields)] + [0] * 6, fields)


def rolling(tag):
    """Where a rolling digest begins."""
    return [tag] + [0] * 7


def digest_bytes(elements):
    return b"".join(x.to_bytes(4, "little") for x in elements)


def words(data):
    """Little-endian words of four bytes."""
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def text(elements):
    return digest_bytes(elements).hex()
