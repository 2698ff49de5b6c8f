"""The rules: what an entry does to the cells, or why it does nothing (docs/records.md, "Rules")."""
from collections import namedtuple

import xmss
from poseidon2 import limbs
from records import VERSION, Withdrawal, address_elements
from state import (
    COUNTER,
    EMPTY,
    EXISTS,
    account_at,
    account_payload,
    balance_at,
    balance_payload,
    owner_at,
    whole,
    with_exists,
)

SYSTEM, NATIVE = 0, 0
LIFETIME = 2**xmss.DEPTH
MOST = 2**128 - 1
LAST = 2**32 - 1

Context = namedtuple("Context", "chain_id number operator")
Account = namedtuple("Account", "key sequence next_epoch balance")


class Refused(Exception):
    """A rule that forbids a transaction, and what it found; `said` is as in refused.json, without the reason."""

    def __init__(self, reason, **said):
        super().__init__(reason, said)
        self.reason, self.said = reason, said


class Cells:
    """What entries read and wrote over a state."""

    def __init__(self, below):
        self.below = below
        self.written = {}
        self.touched = set()

    def peek(self, at):
        return self.written[at] if at in self.written else self.below.peek(at)

    def read(self, at):
        self.touched.add(at)
        return self.peek(at)

    def write(self, at, payload):
        self.touched.add(at)
        self.written[at] = payload

    def take(self, other):
        """What another over this one did."""
        self.touched |= other.touched
        self.written.update(other.written)

    def exists(self, account):
        return self.read(account_at(account)) != EMPTY

    def account(self, account):
        p = self.read(account_at(account))
        return Account(list(p[:8]), whole(p[8:10]), p[10], whole(p[12:])) if p[EXISTS] else None

    def put_account(self, number, account):
        self.write(account_at(number), account_payload(*account))

    def balance(self, account, token):
        at = account_at(account) if token == NATIVE else balance_at(account, token)
        return whole(self.read(at)[12:])

    def put_balance(self, account, token, balance):
        if token == NATIVE:
            self.put_account(account, self.account(account)._replace(balance=balance))
        else:
            self.write(balance_at(account, token), balance_payload(balance))


def refuse_if(condition, reason, **said):
    if condition:
        raise Refused(reason, **said)


def check_envelope(context, tx):
    refuse_if(tx.chain_id != context.chain_id, "chain", expected=context.chain_id, found=tx.chain_id)
    refuse_if(tx.version != VERSION, "version", expected=VERSION, found=tx.version)
    refuse_if(tx.expiry < context.number, "expired", expiry=tx.expiry, number=context.number)
    refuse_if(tx.sender == SYSTEM, "system", account=tx.sender)


def check_sender(cells, tx):
    sender = cells.account(tx.sender)
    refuse_if(sender is None, "no_account", role="sender", account=tx.sender)
    used = {"account": tx.sender, "found": tx.sequence}
    refuse_if(tx.sequence != sender.sequence, "sequence", expected=sender.sequence, **used)
    refuse_if(tx.sequence == LAST, "last_sequence", account=tx.sender, sequence=tx.sequence)
    used["found"] = tx.epoch
    refuse_if(tx.epoch < sender.next_epoch, "used_epoch", expected=sender.next_epoch, **used)
    refuse_if(tx.epoch >= LIFETIME, "no_epoch", limit=LIFETIME, **used)
    refuse_if(tx.epoch == LIFETIME - 1 and tx.action != "rotate", "last_epoch", **used)
    return sender


def need_account(cells, role, account):
    refuse_if(not cells.exists(account), "no_account", role=role, account=account)


def credit(cells, role, account, token, amount):
    need_account(cells, role, account)
    found = cells.balance(account, token)
    overflow = {"role": role, "account": account, "token": token, "found": str(found), "credit": str(amount)}
    refuse_if(found + amount > MOST, "overflow", **overflow)
    cells.put_balance(account, token, found + amount)


def debit(cells, tx):
    total = tx.amount + tx.fee
    said = {"account": tx.sender}
    refuse_if(total > MOST, "total", amount=str(tx.amount), fee=tx.fee, **said)
    found = cells.balance(tx.sender, tx.token)
    refuse_if(total > found, "balance", token=tx.token, expected=str(total), found=str(found), **said)
    cells.put_balance(tx.sender, tx.token, found - total)


def pay(cells, context, tx):
    """Of a token that is not native, who receives must exist before amounts are looked at."""
    credits = [("recipient", tx.to, tx.amount)] if tx.action == "transfer" else []
    credits.append(("operator", context.operator, tx.fee))
    if tx.token != NATIVE:
        for role, account, _ in credits:
            need_account(cells, role, account)
    debit(cells, tx)
    for role, account, amount in credits:
        credit(cells, role, account, tx.token, amount)


def advance(cells, tx):
    """Takes sequence and epoch; a rotation takes the new key, of which nothing is used."""
    account = cells.account(tx.sender)._replace(sequence=tx.sequence + 1, next_epoch=tx.epoch + 1)
    if tx.action == "rotate":
        account = account._replace(key=list(tx.key), next_epoch=0)
    cells.put_account(tx.sender, account)


def check_signature(sender, tx, signature):
    refuse_if(xmss.opens(tx.epoch, tx.digest(), signature) != sender.key, "signature", account=tx.sender, epoch=tx.epoch)


def apply_transaction(below, context, tx, signature=None):
    """What a transaction does, over `below`; without a signature that one is taken to be good. Refused: no trace."""
    cells = Cells(below)
    check_envelope(context, tx)
    sender = check_sender(cells, tx)
    advance(cells, tx)
    pay(cells, context, tx)
    if signature is not None:
        check_signature(sender, tx, signature)
    below.take(cells)
    return [(tx.token, tx.amount, tx.to)] if tx.action == "withdraw" else []


def deposit_to_account(cells, item):
    if not cells.exists(item.account):
        return "no_account"
    sum_ = cells.balance(item.account, item.token) + item.amount
    if sum_ > MOST:
        return "overflow"
    cells.put_balance(item.account, item.token, sum_)
    return None


def deposit_to_key(cells, item):
    number = whole(cells.read(COUNTER)[:2])
    if number == LAST:
        return "no_number"
    cells.write(COUNTER, with_exists(limbs(number + 1, 2)))
    cells.put_account(number, Account(item.key_digest(), 0, 0, 0))
    cells.write(owner_at(number), with_exists(address_elements(item.l1)))
    cells.put_balance(number, item.token, item.amount)
    return None


def force(cells, item):
    """A reason, or what is paid out."""
    if not cells.exists(item.account):
        return "forced_no_account", 0
    owner = cells.read(owner_at(item.account))
    if owner != with_exists(address_elements(item.l1)):
        return "not_owner", 0
    paid = cells.balance(item.account, item.token)
    cells.put_balance(item.account, item.token, 0)
    return None, paid


def apply_item(cells, item):
    """Why the item had no effect, if it had none; and what it pays out or refunds."""
    if item.kind == 3:
        reason, paid = force(cells, item)
        return reason, [] if reason else [(item.token, paid, item.l1)]
    deposits = {1: deposit_to_account, 2: deposit_to_key}
    reason = deposits[item.kind](cells, item) if item.kind in deposits else "unknown_kind"
    return reason, [(item.token, item.amount, item.l1)] if reason else []


def numbered(context, left, paid):
    """Withdrawals of what was paid, after those that left before."""
    return [Withdrawal(context.number, len(left) + i, *fields) for i, fields in enumerate(paid)]
