"""A server under test, and how it is spoken to: by the stubs that gRPC's compiler makes of proto/, or by what reflection says."""
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import grpc
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"


def built():
    """Where `cargo nextest` and `cargo build` leave the binary."""
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "aludel"


def stubs(folder):
    """The modules that gRPC's compiler makes: messages by name, and the client."""
    files = sorted(str(path) for path in PROTO.rglob("*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    made = protoc.main(["", f"-I{PROTO}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files])
    assert made == 0, "the compiler refuses proto/"
    sys.path.insert(0, str(folder))
    package = "aludel.prover.v1"
    names = ["artifact", "capabilities", "failure", "input", "proof", "watch"]
    modules = [importlib.import_module(f"{package}.{name}_pb2") for name in names]
    messages = {name: getattr(module, name) for module in modules for name in dir(module) if name[0].isupper()}
    service = importlib.import_module(f"{package}.service_pb2_grpc")
    return type("Messages", (), messages), service.ProverStub


class Server:
    """`aludel serve` on a folder of its own, on ports that the system picks."""

    def __init__(self, aludel, folder, *flags):
        self.aludel, self.folder, self.flags = aludel, Path(folder), flags
        self.lines = []

    def start(self):
        command = [str(self.aludel), "serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--log-format", "json"]
        command += ["--data-dir", str(self.folder), *self.flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        found = {}
        for line in self.process.stderr:
            self.lines.append(line)
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if "address" in said:
                found["http" if "/metrics" in said["message"] else "grpc"] = said["address"]
            if len(found) == 2:
                break
        assert len(found) == 2, "".join(self.lines)
        threading.Thread(target=self._listen, daemon=True).start()
        self.address, self.http = found["grpc"], found["http"]
        self.channel = grpc.insecure_channel(self.address)
        return self

    def _listen(self):
        self.lines.extend(self.process.stderr)

    def kill(self):
        self.channel.close()
        self.process.kill()
        self.process.wait()

    def kill_workers(self):
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            for worker in (thread / "children").read_text().split():
                os.kill(int(worker), signal.SIGKILL)

    def end(self):
        """As an operator ends it; what it answers."""
        self.channel.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


def batches(aludel, folder):
    """Files of three batches of a made-up chain, in order, and the chain's id."""
    flags = ["--workload", "mixed", "--shard-size", "tiny", "--transactions", "40", "--keep", str(folder)]
    subprocess.run([str(aludel), "demo", *flags], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = sorted((Path(folder) / "batches").iterdir(), key=lambda path: int(path.stem))
    shown = subprocess.run([str(aludel), "inspect", "--json", str(files[0])], capture_output=True, check=True)
    assert len(files) > 1, "several batches are wanted"
    return files, json.loads(shown.stdout)["chain_id"]


def verifies(aludel, proof):
    """What the verifier of the command line says of the bytes of a proof."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(proof)
        file.flush()
        ran = subprocess.run([str(aludel), "verify", "--json", file.name], capture_output=True, text=True)
        return json.loads(ran.stdout) if ran.returncode == 0 else None
