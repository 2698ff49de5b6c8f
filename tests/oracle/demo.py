"""A demo of the binary, checked from the first queue item to the statement's digest."""
import json
from collections import Counter

import agree
import claims
import files
from chain import Chain
from poseidon2 import text
from records import Item

SEED, TRANSACTIONS, ACCOUNTS = 20, 60, 8


def make(aludel):
    size = ["--transactions", TRANSACTIONS, "--accounts", ACCOUNTS, "--seed", SEED]
    return aludel.json("demo", "--workload", "mixed", *size, "--keep", aludel.folder, "--json")


def compare_statement(tally, aludel, first, last, chain):
    ours = agree.statement_between(aludel, chain.chain_id, first, last)
    data = aludel.read("statement.bin")
    tally.same("statement: bytes", files.write_statement(ours), data)
    theirs = files.read_statement(data)
    agree.compare_fields(tally, "statement: prev", first, theirs.prev)
    agree.compare_fields(tally, "statement: next", last, theirs.next)
    tally.same("statement: digest", text(ours.digest()), aludel.inspect("statement.bin")["digest"])
    shown = json.loads(aludel.read("statement.json"))
    ends = {end: point_as_json(point) for end, point in (("prev", first), ("next", last))}
    head = {"chain_id": ours.chain_id, "protocol_version": ours.version, "config": text(ours.config)}
    tally.same("statement.json", head | ends, shown)


def point_as_json(point):
    return {key: text(value) if isinstance(value, list) else value for key, value in vars(point).items()}


def counts(batches):
    """What the demo's figures count."""
    out = Counter()
    for batch in batches:
        reasons = dict(batch.no_ops)
        for i, entry in enumerate(batch.entries):
            out[of_item(entry, reasons.get(i)) if isinstance(entry, Item) else entry.action] += 1
    return out


def of_item(item, reason):
    if reason:
        return "refused_forced" if item.kind == 3 else "refund"
    return {1: "deposit", 2: "new", 3: "forced"}[item.kind]


def compare_figures(tally, figures, chain, first, done):
    tally.same("figures: prev_state_root", text(first.state_root), figures["prev_state_root"])
    tally.same("figures: next_state_root", text(chain.point.state_root), figures["next_state_root"])
    names = {"transfers": "transfer", "withdrawals": "withdraw", "rotations": "rotate"}
    names |= {"new_accounts": "new", "forced": "forced", "refunds": "refund", "refused_forced": "refused_forced"}
    ours = counts(done)
    for theirs, name in names.items():
        tally.same(f"figures: {theirs}", ours[name], figures[theirs])


def compare_digests(tally, aludel, chain_id, points):
    """Statement digests, which are the public values of the proofs: of each shard, and of all together."""
    proofs = sorted((aludel.folder / "proofs").glob("*.proof"))
    tally.same("demo: proofs", bool(proofs), True)
    for path in proofs:
        shown = aludel.inspect(path)
        ends = [points[shown["statement"][end]["number"]] for end in ("prev", "next")]
        ours = agree.statement_between(aludel, chain_id, *ends).digest()
        tally.same(f"{path.name}: statement digest", text(ours), shown["statement_digest"])


def check(tally, aludel):
    figures = make(aludel)
    sealed = sorted((aludel.folder / "batches").glob("*.bin"))
    if not sealed:
        raise SystemExit("the demo left no batches: there is nothing to compare")
    chain, done, datas = Chain(files.read_batch(sealed[0].read_bytes()).chain_id), [], []
    points = [chain.point]
    for number in range(1, len(sealed) + 1):
        batch = agree.compare_batch(tally, aludel, chain, f"batches/{number}.bin")
        datas.append(aludel.read(f"pubdata/{number}.bin"))
        agree.compare_published(tally, f"batch {number}", batch.header(), batch, datas[-1])
        agree.compare_effects(tally, aludel, f"batches/{number}.bin", batch)
        done.append(batch)
        points.append(chain.point)
    queue = files.read_queue(aludel.read("queue.bin"))
    items = [entry for batch in done for entry in batch.entries if isinstance(entry, Item)]
    tally.same("demo: the batches' items are the queue's", items, queue)
    compare_statement(tally, aludel, points[0], chain.point, chain)
    compare_digests(tally, aludel, chain.chain_id, points)
    compare_figures(tally, figures, chain, points[0], done)
    compare_rebuilt(tally, aludel, chain, datas, queue)
    claims.check(tally, aludel, [batch.header() for batch in done], [batch.left for batch in done], chain.point)


def compare_rebuilt(tally, aludel, chain, datas, queue):
    rebuilt = agree.rebuild(chain.chain_id, datas, queue)
    agree.compare_fields(tally, "rebuilt", rebuilt.point, chain.point)
    names = [f"pubdata/{number}.bin" for number in range(1, len(datas) + 1)]
    out = aludel.run("rebuild", *names, "--queue", "queue.bin", "--statement", "statement.bin")[1]
    tally.same("aludel rebuild prints our root", text(rebuilt.point.state_root) in out, True)
    tally.count("rebuilt batches", len(datas))
