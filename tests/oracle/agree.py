"""Whether batches that the binary made are what the rules make of their entries, and whether what it published does."""
import files
import published
import rules
from chain import Chain
from records import VERSION, Item, Statement, Transaction, need


def offer(batch, entries, check=True):
    for entry in entries:
        if isinstance(entry, Item):
            batch.item(entry)
        else:
            batch.signed(entry, check)


def left_as_json(withdrawal):
    return vars(withdrawal) | {"amount": str(withdrawal.amount), "to": "0x" + withdrawal.to.hex()}


def effects_as_json(batch):
    """As `aludel inspect --json` shows them."""
    no_ops = [{"entry": i, "reason": reason} for i, reason in batch.no_ops]
    return {"no_ops": no_ops, "withdrawals": [left_as_json(w) for w in batch.left]}


def compare_fields(tally, what, ours, theirs):
    for field, value in vars(ours).items():
        tally.same(f"{what}: {field}", value, getattr(theirs, field))


def compare_batch(tally, aludel, chain, name):
    """Executes the entries of a sealed batch on our chain; what it opened, did, counted and published is ours."""
    data, what = aludel.read(name), name
    sealed = files.read_batch(data)
    tally.same(f"{what}: written again", files.write_batch(sealed), data)
    tally.same(f"{what}: chain id", chain.chain_id, sealed.chain_id)
    compare_fields(tally, f"{what}: before it", chain.point, sealed.prev)
    batch = chain.begin(sealed.header.operator)
    offer(batch, sealed.entries)
    tally.same(f"{what}: refused", [str(r) for r in batch.refusals], [])
    cells, siblings = chain.state.opening(batch.cells.touched)
    tally.same(f"{what}: cells that it touches", cells, sealed.cells)
    tally.same(f"{what}: siblings", siblings, sealed.siblings)
    header = chain.seal(batch)
    compare_fields(tally, what, header, sealed.header)
    tally.count("batches")
    tally.count("entries", len(sealed.entries))
    return batch


def compare_effects(tally, aludel, name, batch):
    shown = aludel.inspect(name)
    tally.same(f"{name}: effects", effects_as_json(batch), shown["effects"])


def compare_published(tally, what, header, batch, data):
    ours = published.write(header.number, header.operator, batch.entries, batch.jumps)
    tally.same(f"{what}: published bytes", ours, data)


def statement_between(aludel, chain_id, first, last):
    config = bytes.fromhex(aludel.json("params", "--json")["config"])
    return Statement(chain_id, VERSION, files.digest(config), first, last)


def record_of(chain, cells, entry):
    """The transaction that a published one was, as far as its effect depends on it."""
    account = cells.account(entry.sender)
    need(account is not None, f"account {entry.sender} does not exist")
    fields = (entry.sender, entry.token, entry.fee, account.sequence, account.next_epoch + entry.jump, rules.LAST)
    return Transaction(chain.chain_id, VERSION, *fields, entry.action, entry.to, entry.amount, entry.key)


def rebuild_batch(chain, data, queue):
    """Applies a batch as it was published; its header. Malformed where it is none."""
    number, operator, entries = published.read(data)
    need(number == chain.point.number + 1, f"batch {number} after batch {chain.point.number}")
    batch, at = chain.begin(operator), chain.point.queue_index
    for entry in entries:
        if isinstance(entry, published.Run):
            need(at + entry.items <= len(queue), "more items than the queue has")
            offer(batch, queue[at : at + entry.items])
            at += entry.items
        else:
            refused = batch.signed(files.Signed(record_of(chain, batch.cells, entry), None), check=False)
            need(not refused, f"the rules forbid a transaction: {refused}")
    return chain.seal(batch)


def rebuild(chain_id, datas, queue):
    """The chain from published data and the queue alone."""
    chain = Chain(chain_id)
    for data in datas:
        rebuild_batch(chain, data, queue)
    return chain
