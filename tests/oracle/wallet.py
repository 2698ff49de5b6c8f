"""Transactions and signatures for the tests: by `aludel sign`, by xmss.py, or none at all."""
import json
import shutil

import files
import xmss
from poseidon2 import text, words
from records import VERSION, Transaction

SEED = "07" * 32
KEYS, WINDOW = 4, 4
NO_SIGNATURE = ([0] * 5, [0] * 8, [[0] * 8] * xmss.CHAINS, [[0] * 8] * xmss.DEPTH)


class Keystore:
    """A keystore of the binary. Each signature begins with its first state, so any epoch and sequence can be had."""

    def __init__(self, aludel, chain_id):
        self.aludel, self.chain_id = aludel, chain_id
        aludel.write("seed", SEED.encode()).chmod(0o600)
        aludel.write("passphrase", b"of no worth").chmod(0o600)
        size = ["--chain-id", chain_id, "--count", KEYS, "--window", WINDOW, "--seed-file", "seed"]
        aludel.run("keygen", *self.lock(), *size)
        listed = aludel.json("keys", "--json", "--keystore", "first")["keys"]
        self.keys = [words(bytes.fromhex(key["key"])) for key in listed]

    def lock(self, name="first"):
        return ["--keystore", name, "--passphrase-file", "passphrase"]

    def sign(self, key, tx):
        for end in ("", ".usage"):
            shutil.copy(self.aludel.folder / f"first{end}", self.aludel.folder / f"again{end}")
        self.aludel.write("unsigned.json", json.dumps(as_json(tx)).encode())
        at = ["--key", key, "--skip-to", tx.epoch, "--chain-id", self.chain_id]
        self.aludel.run("sign", *self.lock("again"), *at, "unsigned.json", "-o", "signed.bin")
        signed = files.read_transaction_file(self.aludel.read("signed.bin"))
        assert signed.tx == tx, f"aludel sign made {signed.tx} of {tx}"
        return signed


def as_json(tx):
    amount = {"amount": str(tx.amount)}
    actions = {
        "transfer": lambda: {"to": tx.to} | amount,
        "withdraw": lambda: {"to": "0x" + tx.to.hex()} | amount,
        "rotate": lambda: {"key": text(tx.key)},
    }
    head = {"from": tx.sender, "token": tx.token, "fee": tx.fee, "sequence": tx.sequence, "expiry": tx.expiry}
    return head | {"action": {tx.action: actions[tx.action]()}}


def transfer(chain_id, sender, sequence, epoch, to, amount, token=0, fee=0, expiry=2**32 - 1):
    fields = (sender, token, fee, sequence, epoch, expiry)
    return Transaction(chain_id, VERSION, *fields, "transfer", to, amount)


def withdraw(base, to, amount):
    return base.but(action="withdraw", to=to, amount=amount)


def rotate(base, key):
    return base.but(action="rotate", to=None, amount=0, key=tuple(key))


def unsigned(tx):
    return files.Signed(tx, NO_SIGNATURE)


def sign_with(key, tx):
    """By a key of xmss.py."""
    return files.Signed(tx, key.sign(tx.epoch, tx.digest()))
