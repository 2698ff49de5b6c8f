#!/usr/bin/env python3
"""The ledger in plain Python, independent of our code, against the binary.

Written from docs/records.md and the pages that it names. `ledger.py` lets `aludel` make a demo and a chain of
its own items and transactions, executes the same by its own rules on its own tree, and compares whatever both say: roots,
digests, published bytes, refusals. `--aludel PATH` names the binary.
"""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import demo
import drawn
import forged
import misread
import own
import page
from tally import Aludel, Tally

COUNTED = ["batches", "entries", "rebuilt batches", "claims", "no-ops", "refusals", "examples"]
NO_OPS = ["no_account", "overflow", "no_number", "unknown_kind", "forced_no_account", "not_owner"]
REFUSALS = ["chain", "version", "expired", "system", "no_account", "sequence", "last_sequence", "used_epoch"]
REFUSALS += ["no_epoch", "last_epoch", "total", "balance", "overflow", "signature"]
REASONS = [f"no-op {reason}" for reason in NO_OPS] + [f"refusal {reason}" for reason in REFUSALS]
ROOT = Path(__file__).resolve().parents[2]


def built():
    """Where `cargo nextest` and `cargo build` leave the binary."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "aludel"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aludel", type=Path, default=built(), help="the binary; without it that of `cargo nextest run`")
    path = parser.parse_args().aludel
    if not path.is_file():
        sys.exit(f"{path}: no binary; build it (cargo build) or name one with --aludel")
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        for check in (page.check, demo.check, own.check, forged.check, drawn.check, misread.check):
            where = Path(folder) / check.__module__
            where.mkdir()
            check(tally, Aludel(path, where))
    words, status = tally.verdict(COUNTED, REASONS)
    print(words, file=sys.stderr if status else sys.stdout)
    sys.exit(status)


if __name__ == "__main__":
    main()
