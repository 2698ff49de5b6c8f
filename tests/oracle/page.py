"""The examples of docs/records.md, computed again."""
from pathlib import Path

import files
from poseidon2 import limbs, text
from records import Item, Transaction, Withdrawal, address_elements, roll_header, roll_item, start_of
from state import COUNTER, State, account_at, account_payload, cell_digest, genesis, owner_at, with_exists

PAGE = Path(__file__).resolve().parents[2] / "docs" / "records.md"


def example(name):
    """Each line that ends in a colon and what follows it, in order; lines of numbers are joined by a blank."""
    after = PAGE.read_text().split(f"<!-- example {name} -->\n```text\n")
    assert len(after) == 2, f"{PAGE} has the example {name} {len(after) - 1} times"
    parts = []
    for line in after[1].split("```")[0].splitlines():
        if line.endswith(":"):
            parts.append((line[:-1], []))
        else:
            parts[-1][1].append(line)
    return [(label, (" " if " " in lines[0] else "").join(lines)) for label, lines in parts]


def numbers(elements):
    return " ".join(map(str, elements))


def of_bytes(example_):
    return bytes.fromhex(example_["bytes"])


def queue_item():
    shown = dict(example("queue item"))
    item = Item.decode(of_bytes(shown))
    yield shown["bytes"], item.encode().hex()
    yield shown["elements, a call a line"], numbers(item.elements())
    yield shown["queue before"], text(start_of("queue"))
    yield shown["queue after"], text(roll_item(start_of("queue"), item))
    yield shown["the key that it names"], text(item.key_digest())


def transactions():
    shown = example("transactions")
    lists = [list(map(int, value.split())) for label, value in shown if "elements" in label]
    digests = [value for label, value in shown if "digest" in label]
    for i, (elements, action) in enumerate(zip(lists, ("transfer", "withdraw"))):
        tx = from_elements(77, elements, action)
        yield numbers(elements), numbers(tx.elements())
        yield digests[2 * i], text(tx.public())
        yield digests[2 * i + 1], text(tx.digest())


def from_elements(chain_id, e, action):
    """The transaction of these elements."""
    join = lambda part: sum(limb << 16 * i for i, limb in enumerate(part))
    to = join(e[20:22]) if action == "transfer" else b"".join(x.to_bytes(2, "big") for x in e[20:30])
    ints = join(e[0:2]), e[2], join(e[3:7]), join(e[16:18]), e[7], join(e[18:20])
    return Transaction(chain_id, 1, *ints, action, to, join(e[8:16]))


def withdrawal():
    shown = dict(example("withdrawal"))
    data = of_bytes(shown)
    ints = [int.from_bytes(data[a:b], "big") for a, b in ((0, 4), (4, 6), (6, 8), (8, 24))]
    leaf = Withdrawal(*ints, data[24:])
    yield shown["bytes"], leaf.encode().hex()
    yield shown["leaf"], text(leaf.leaf())


def header():
    shown = dict(example("header"))
    data = of_bytes(shown)
    record = files.read_header(files.Reader(files.wrap("batch", data), "batch"))
    yield shown["bytes"], record.encode().hex()
    yield shown["digest"], text(record.digest())
    yield shown["headers after"], text(roll_header(start_of("headers"), record))


def statement():
    shown = dict(example("statement"))
    record = files.read_statement(files.wrap("statement", of_bytes(shown)))
    yield shown["bytes"], record.encode().hex()
    yield shown["digest"], text(record.digest())


def state():
    shown = dict(example("state"))
    account = account_payload(range(8), 70000, 9, 4294967301)
    owner = with_exists(address_elements(bytes(range(0x40, 0x54))))
    yield shown["account 3 at sequence 70000, next epoch 9, with 4294967301 of token 0"], numbers(account)
    yield shown["its digest"], text(cell_digest(account_at(3), account))
    yield shown["its owner on L1"], numbers(owner)
    yield shown["digest of the owner's cell"], text(cell_digest(owner_at(3), owner))
    yield shown["state_root before the first batch"], text(genesis().root())
    cells = {COUNTER: with_exists(limbs(4, 2)), account_at(3): account, owner_at(3): owner}
    yield shown["state_root with these two cells and the counter at 4"], text(State(cells).root())


def check(tally, _aludel):
    for of in (queue_item, transactions, withdrawal, header, statement, state):
        for i, (shown, ours) in enumerate(of()):
            tally.same(f"docs/records.md, {of.__name__}, value {i}", ours, shown)
            tally.count("examples")
