"""A chain of our own items and transactions: every outcome of an item, every refusal of a transaction.

Each case says what it expects; the oracle's rules must say the same, and then the binary.
"""
import itertools
import json
import random

import agree
import files
import wallet
import xmss
from chain import Chain
from poseidon2 import P, text
from records import Item, address_elements
from rules import LAST, LIFETIME, MOST

CHAIN_ID, SEED = 77, 5
ALICE, BOB, RICH, OLD, ODD, NOBODY = 1, 2, 3, 4, 5, 6
HOME = {account: bytes([16 * account + i % 16 for i in range(20)]) for account in range(1, 7)}
NO_KEY = b"\0" * 32
ABSENT = 999


def to_key(account, token, amount, key):
    return Item(2, token, amount, 0, HOME[account], key)


def to_account(account, token, amount):
    return Item(1, token, amount, account, HOME[ALICE], NO_KEY)


def forced(account, token, l1):
    return Item(3, token, 0, account, l1, NO_KEY)


def founding(keys, old):
    """Deposits to the six accounts' keys; one key's words are p and more, one is zero."""
    odd = b"".join((P + i).to_bytes(4, "little") for i in range(7)) + b"\xff" * 4
    given = [(ALICE, 0, 10**18, keys[0]), (BOB, 3, 10**5, keys[1]), (RICH, 0, MOST - 30, keys[2]), (OLD, 0, 10**6, old)]
    items = [to_key(a, token, amount, bytes.fromhex(text(key))) for a, token, amount, key in given]
    return items + [to_key(ODD, 0, 77, odd), to_key(NOBODY, 9, 0, NO_KEY)]


def item_cases(keys, old):
    """Pairs of an item and the reason for which it has no effect."""
    counter = b"\0\x07" + b"\0" * 18
    assert address_elements(counter)[:2] == [7, 0], "the counter's limbs after six accounts, as an address"
    near = HOME[ALICE][:-1] + b"\0"
    garbage = {"account": LAST, "key": b"\xff" * 32}
    return [(item, None) for item in founding(keys, old)] + [
        (to_account(ALICE, 3, 500), None),
        (to_account(BOB, 0, 1000), None),
        (to_account(ALICE, 8, 0), None),
        (to_account(RICH, 0, 31), "overflow"),
        (to_account(RICH, 0, MOST), "overflow"),
        (to_account(RICH, 0, 10), None),
        (to_account(RICH, 3, MOST), None),
        (to_account(RICH, 3, 1), "overflow"),
        (to_account(RICH, 3, 0), None),
        (to_account(7, 0, 5), "no_account"),
        (to_account(ABSENT, 4, 5), "no_account"),
        (to_account(0, 0, 5), "no_account"),
        (to_account(LAST, 0, MOST), "no_account"),
        (forced(ODD, 0, HOME[ODD]), None),
        (forced(ODD, 0, HOME[ODD]), None),
        (forced(ODD, 12, HOME[ODD]), None),
        (forced(NOBODY, 9, HOME[NOBODY]), None),
        (forced(ALICE, 0, HOME[BOB]), "not_owner"),
        (forced(ALICE, 0, near), "not_owner"),
        (forced(ALICE, 3, b"\0" * 20), "not_owner"),
        (forced(0, 0, counter), "forced_no_account"),
        (forced(7, 0, HOME[ALICE]), "forced_no_account"),
        (forced(LAST, 65535, b"\xff" * 20), "forced_no_account"),
        (Item(0, 0, 12, ALICE, HOME[ALICE], NO_KEY), "unknown_kind"),
        (Item(4, 3, 0, ALICE, HOME[ALICE], NO_KEY), "unknown_kind"),
        (Item(0x0100, 1, MOST, ALICE, HOME[ALICE], NO_KEY), "unknown_kind"),
        (Item(0x0300, 1, 1, ALICE, HOME[ALICE], NO_KEY), "unknown_kind"),
        (Item(65535, 65535, MOST, l1=b"\xff" * 20, **garbage), "unknown_kind"),
        (Item(2, 65535, MOST, l1=HOME[ALICE], **garbage), None),
        (Item(3, 0, MOST, ODD, HOME[ODD], b"\xff" * 32), None),
    ]


def random_items():
    """Any 76 bytes are an item, with a kind that makes them interesting; their expectation is the oracle's alone."""
    draw = random.Random(SEED)
    heads = [draw.choice([1, 2, 3, 3, draw.randrange(65536)]) for _ in range(10)]
    return [Item.decode(kind.to_bytes(2, "big") + draw.randbytes(74)) for kind in heads]


def accepted(store, old):
    """Transactions that follow one another and change the state, each with its signature."""
    say = lambda *fields, **more: wallet.transfer(CHAIN_ID, *fields, **more)
    by_key = [
        (0, say(ALICE, 0, 0, BOB, 10**12, fee=7 * 10**12)),
        (0, say(ALICE, 1, 5, BOB, 123, token=3, fee=377, expiry=2)),
        (0, say(ALICE, 2, 6, NOBODY, 0, token=40)),
        (1, wallet.withdraw(say(BOB, 0, 0, 0, 0, token=3, fee=1), HOME[BOB], 2 * 10**4)),
        (1, wallet.rotate(say(BOB, 1, 2, 0, 0, fee=10**6), store.keys[3])),
        (3, say(BOB, 2, 0, RICH, 20)),
    ]
    signed = [store.sign(key, tx) for key, tx in by_key]
    last = wallet.rotate(say(OLD, 0, LIFETIME - 1, 0, 0, token=0, fee=10**6), store.keys[3])
    return signed + [wallet.sign_with(old, last)]


def faults():
    """Changes to a good transfer of Alice, by the refusal that each alone must meet."""
    return {
        "chain": {"chain_id": CHAIN_ID + 1},
        "version": {"version": 2},
        "expired": {"expiry": 1},
        "system": {"sender": 0},
        "no_account": {"sender": ABSENT},
        "sequence": {"sequence": 4},
        "used_epoch": {"epoch": 6},
        "no_epoch": {"epoch": LIFETIME},
        "last_epoch": {"epoch": LIFETIME - 1},
        "total": {"amount": MOST, "fee": 1},
        "balance": {"amount": 10**30},
        "no_account recipient": {"to": ABSENT},
        "overflow": {"to": RICH, "amount": 1},
        "signature": {},
    }


def faulty():
    """Transactions with one fault or two, unsigned, and the reason expected: that of the rule that comes first."""
    base = wallet.transfer(CHAIN_ID, ALICE, 3, 7, BOB, 5, fee=2)
    for (first, a), (second, b) in itertools.combinations_with_replacement(faults().items(), 2):
        if first == second or not set(a) & set(b):
            yield base.but(**a | b), first.split()[0]
    of_token = [({"amount": MOST}, "total"), ({"amount": 379}, "balance"), ({"to": RICH, "amount": 1}, "overflow")]
    for change, reason in of_token:
        yield base.but(token=3, **change), reason
        yield base.but(token=3, **change | {"to": ABSENT}), "no_account"


def more_refused(signed):
    """Further transactions that must be refused once the accepted ones are in."""
    say = lambda *fields, **more: wallet.unsigned(wallet.transfer(CHAIN_ID, *fields, **more))
    return [
        (signed[0], "sequence"),
        (say(ALICE, LAST, 7, BOB, 1), "sequence"),
        (say(ALICE, 2, 7, BOB, 1), "sequence"),
        (say(ALICE, 3, 0, BOB, 1), "used_epoch"),
        (say(ALICE, 3, LAST, BOB, 1), "no_epoch"),
        (say(ALICE, 3, 7, 0, 1), "no_account"),
        (say(ALICE, 3, 7, ABSENT, 1, token=3), "no_account"),
        (say(ALICE, 3, 7, BOB, 379, token=3), "balance"),
        (say(ALICE, 3, 7, BOB, 0, token=4, fee=1), "balance"),
        (say(ALICE, 3, 7, BOB, MOST, fee=2**64 - 1), "total"),
        (say(ALICE, 3, 7, RICH, 0), "signature"),
        (say(OLD, 1, LIFETIME - 1, OLD, 0), "last_epoch"),
        (say(BOB, 3, 0, BOB, 0), "used_epoch"),
        (say(NOBODY, 0, 0, NOBODY, 0), "signature"),
        (wallet.unsigned(wallet.withdraw(say(OLD, 1, LIFETIME - 1, 0, 0).tx, HOME[OLD], 0)), "last_epoch"),
        (wallet.unsigned(wallet.rotate(say(OLD, 1, LIFETIME, 0, 0).tx, [1] * 8)), "no_epoch"),
        (wallet.unsigned(wallet.rotate(say(OLD, 1, LIFETIME - 1, 0, 0).tx, [1] * 8)), "signature"),
    ]


def damaged(signed):
    """A good signature with one thing changed: of it, of what was signed, or of who signed."""
    parameter, randomness, chains, path = signed.signature
    other = lambda elements: [(elements[0] + 1) % P] + elements[1:]
    changed = [
        (other(parameter), randomness, chains, path),
        (parameter, other(randomness), chains, path),
        (parameter, randomness, [other(chains[0])] + chains[1:], path),
        (parameter, randomness, chains[:-1] + [other(chains[-1])], path),
        (parameter, randomness, chains, [other(path[0])] + path[1:]),
        (parameter, randomness, chains, path[:-1] + [other(path[-1])]),
    ]
    fields = [{"amount": 10**12 - 1}, {"to": NOBODY}, {"fee": 8}, {"token": 3, "amount": 10, "fee": 0}]
    fields += [{"expiry": 5}, {"epoch": 1}]
    out = [files.Signed(signed.tx, signature) for signature in changed]
    out += [files.Signed(signed.tx.but(**field), signed.signature) for field in fields]
    return [(each, "signature") for each in out]


def refusal_as_json(refused):
    return {"reason": refused.reason} | refused.said


def execute(tally, aludel, chain, name, items, cases, operator=ALICE):
    """Offers cases, pairs of a transaction and its expected reason, to the oracle and to the binary."""
    batch = chain.begin(operator)
    for item in items:
        batch.item(item)
    said = [batch.signed(signed) for signed, _ in cases]
    for i, ((signed, expected), refused) in enumerate(zip(cases, said)):
        tally.expect(f"{name}, case {i}", expected, refused and refused.reason)
    paths = [aludel.write(f"{name}-{i}.bin", files.transaction_file(signed)).name for i, (signed, _) in enumerate(cases)]
    at = ["--state", "state", "--chain-id", CHAIN_ID, "--operator", operator, "--queue", "queue.bin"]
    status, *_ = aludel.run("execute", *at, *paths, accepted=(0, 4))
    compare_refusals(tally, aludel, name, [(path, r) for path, r in zip(paths, said) if r], status)
    return batch


def compare_refusals(tally, aludel, name, ours, status):
    theirs = json.loads(aludel.read("state/refused.json"))
    tally.same(f"{name}: exit status", 4 if ours else 0, status)
    tally.same(f"{name}: which are refused", [path for path, _ in ours], [each["source"] for each in theirs])
    for (path, refused), each in zip(ours, theirs):
        each["refusal"].pop("problem", None)
        tally.same(f"{path}: refusal", refusal_as_json(refused), each["refusal"])
        tally.count("refusals")
        tally.count(f"refusal {refused.reason}")


def compare_sealed(tally, aludel, chain, batch, number):
    """The batch that the binary sealed, executed once more from its own file, and the state it kept."""
    again = agree.compare_batch(tally, aludel, chain, f"state/batches/{number}.bin")
    tally.same(f"own batch {number}: entries", batch.entries, again.entries)
    agree.compare_effects(tally, aludel, f"state/batches/{number}.bin", again)
    header = again.header()
    agree.compare_published(tally, f"own batch {number}", header, again, aludel.read(f"state/pubdata/{number}.bin"))
    kept = aludel.inspect("state/state.redb")["checkpoint"]
    tally.same(f"own batch {number}: state", text(chain.point.state_root), kept["state_root"])
    tally.same(f"own batch {number}: queue", text(chain.point.queue), kept["queue"])


def first_batch(tally, aludel, chain, keys, old):
    """Items only."""
    cases = item_cases(keys, old)
    items = [item for item, _ in cases] + random_items()
    aludel.write("queue.bin", files.write_queue(items))
    batch = execute(tally, aludel, chain, "items", items, [])
    reasons = dict(batch.no_ops)
    for i, (_, expected) in enumerate(cases):
        tally.expect(f"item {i}", expected, reasons.get(i))
    for reason in reasons.values():
        tally.count("no-ops")
        tally.count(f"no-op {reason}")
    compare_sealed(tally, aludel, chain, batch, 1)
    return items


def other_operators(tally, aludel, chain, store):
    """Batches whose fees go to nobody, and to an account that can take none."""
    say = lambda to, amount, **more: wallet.transfer(CHAIN_ID, ALICE, 3, 7, to, amount, **more)
    absent = [say(BOB, 5), say(BOB, 5, token=3), say(BOB, 10**30, token=3), say(ABSENT, 5)]
    absent.append(wallet.withdraw(say(0, 0), HOME[BOB], 1))
    cases = [(wallet.unsigned(tx), "no_account") for tx in absent] + [(wallet.unsigned(say(BOB, 10**30)), "balance")]
    compare_empty(tally, aludel, chain, execute(tally, aludel, chain, "absent", [], cases, operator=ABSENT))
    full = [say(BOB, 5, fee=1), say(BOB, 5, fee=1, token=3), say(RICH, 0, fee=1)]
    cases = [(wallet.unsigned(tx), "overflow") for tx in full] + [(store.sign(0, say(BOB, 5)), None)]
    batch = execute(tally, aludel, chain, "full", [], cases, operator=RICH)
    compare_sealed(tally, aludel, chain, batch, chain.point.number + 1)


def compare_empty(tally, aludel, chain, batch):
    """A batch that would have no entries is not sealed."""
    tally.expect("a batch of refused transactions", [], batch.entries)
    kept = aludel.inspect("state/state.redb")["checkpoint"]
    tally.same("a batch of refused transactions leaves the chain where it was", chain.point.number, kept["number"])


def check(tally, aludel):
    store = wallet.Keystore(aludel, CHAIN_ID)
    old = xmss.Key(bytes(range(32)), CHAIN_ID, 0, LIFETIME - 1, 0)
    chain = Chain(CHAIN_ID)
    items = first_batch(tally, aludel, chain, store.keys, old.digest)
    signed = accepted(store, old)
    good = [(each, None) for each in signed]
    cases = damaged(signed[0]) + good + [(wallet.unsigned(tx), reason) for tx, reason in faulty()] + more_refused(signed)
    batch = execute(tally, aludel, chain, "mixed", [], cases)
    compare_sealed(tally, aludel, chain, batch, 2)
    other_operators(tally, aludel, chain, store)
