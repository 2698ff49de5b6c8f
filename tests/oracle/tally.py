"""What was compared, what disagreed, and the binary that is compared with."""
import json
import subprocess
from collections import Counter
from pathlib import Path

from poseidon2 import text

LIMIT_S = 600


def shown(value):
    """A value for a message: digests as hex, bytes as hex, long ones cut in the middle."""
    if isinstance(value, list) and len(value) == 8 and all(isinstance(x, int) for x in value):
        value = text(value)
    value = value.hex() if isinstance(value, bytes) else str(value)
    return value if len(value) <= 400 else f"{value[:200]}..{value[-200:]} ({len(value)} characters)"


class Tally:
    def __init__(self):
        self.counts = Counter()
        self.disagreements = []

    def same(self, what, ours, theirs):
        """Notes whether two agree; goes on either way, so that one run shows all."""
        self.counts["comparisons"] += 1
        if ours != theirs:
            self.disagreements.append(f"{what}: the oracle has {shown(ours)}, aludel {shown(theirs)}")
        return ours == theirs

    def expect(self, what, expected, ours):
        """Notes whether the oracle's own rules say what the case was made for."""
        if expected != ours:
            self.disagreements.append(f"{what}: it was made for {shown(expected)}, the oracle's rules say {shown(ours)}")

    def count(self, what, number=1):
        self.counts[what] += number

    def verdict(self, wanted, reasons):
        """What to say at the end; the exit status is 1 where anything disagrees, or a thing or a reason never occurred."""
        empty = [what for what in [*wanted, *reasons] if not self.counts[what]]
        lines = [f"disagreement: {line}" for line in self.disagreements] + [f"empty evidence: no {what}" for what in empty]
        numbers = ", ".join(f"{self.counts[what]} {what}" for what in wanted)
        return ("\n".join(lines), 1) if lines else (f"{numbers} agree ({self.counts['comparisons']} comparisons)", 0)


class Aludel:
    """The binary. `folder` is where its files go."""

    def __init__(self, path, folder):
        self.path, self.folder = Path(path).resolve(), Path(folder)

    def run(self, *args, accepted=(0,)):
        """Exit status, standard output and standard error; any other status than the accepted ones ends the run."""
        command = [str(self.path), *map(str, args)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=LIMIT_S, check=False)
        if accepted is not None and done.returncode not in accepted:
            raise SystemExit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *args):
        return json.loads(self.run(*args)[1])

    def inspect(self, file):
        return self.json("inspect", "--json", file)

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def read(self, name):
        return (self.folder / name).read_bytes()
