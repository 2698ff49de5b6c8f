#!/usr/bin/env python3
"""A client that nobody here wrote, against a real server: gRPC's own for Python, by stubs that its compiler makes and by what reflection says.

Needs the packages of requirements.txt. `--aludel PATH` names the binary; `--kills N` says how often the server is killed.
"""
import argparse
import hashlib
import random
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import grpc
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from server import Server, batches, built, stubs, verifies

CALL = 60


def detail(api, error):
    """The ErrorDetail of a refusal: the third field of google.rpc.Status, an Any."""
    status = dict(error.trailing_metadata())["grpc-status-details-bin"]
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="status.proto", package="google.rpc", syntax="proto3")
    file.dependency.append("google/protobuf/any.proto")
    message = file.message_type.add(name="Status")
    message.field.add(name="code", number=1, type=5, label=1)
    message.field.add(name="message", number=2, type=9, label=1)
    message.field.add(name="details", number=3, type=11, label=3, type_name=".google.protobuf.Any")
    pool.AddSerializedFile(any_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    parsed = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.rpc.Status")).FromString(status)
    found = api.ErrorDetail.FromString(parsed.details[0].value)
    assert parsed.details[0].type_url == "type.googleapis.com/aludel.prover.v1.ErrorDetail", parsed
    assert found.number and found.remedy and len(found.trace_id) == 32, found
    return found


def refused(api, code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        return detail(api, error)
    raise AssertionError(f"{code} was due, and it was done")


def spec(api, chain, target):
    return api.ProofSpec(chain_id=chain, target=target)


def fetch(prover, api, artifact):
    parts = prover.GetArtifact(api.GetArtifactRequest(id=artifact.id), timeout=CALL)
    data = b"".join(part.data for part in parts)
    assert hashlib.sha256(data).hexdigest() == artifact.id and len(data) == artifact.size
    return data


def wait(prover, api, proof_id, most=600):
    until = time.monotonic() + most
    while time.monotonic() < until:
        request = api.WaitProofRequest(id=proof_id)
        request.timeout.FromSeconds(20)
        proof = prover.WaitProof(request, timeout=CALL).proof
        if proof.state >= 5:
            return proof
    raise AssertionError(f"{proof_id} does not end")


def by_stubs(api, stub, server, aludel, data, chain):
    prover = stub(server.channel)
    can = prover.GetCapabilities(api.GetCapabilitiesRequest(), timeout=CALL)
    assert list(can.targets) == [1, 2] and len(can.key_set) == 32, can
    submit = api.SubmitProofRequest(spec=spec(api, chain, 2), idempotency_key="a", batches=data)
    first = prover.SubmitProof(submit, timeout=CALL)
    again = prover.SubmitProof(submit, timeout=CALL)
    assert (first.existed, again.existed, first.proof.id) == (False, True, again.proof.id)
    other = api.SubmitProofRequest(spec=spec(api, chain, 1), idempotency_key="a", batches=data)
    assert refused(api, grpc.StatusCode.ALREADY_EXISTS, lambda: prover.SubmitProof(other, timeout=CALL)).number == 203
    updates = list(prover.WatchProof(api.WatchProofRequest(id=first.proof.id), timeout=600))
    assert [update.event.number for update in updates] == list(range(len(updates)))
    assert updates[-1].state == 5, updates[-1]
    tail = list(prover.WatchProof(api.WatchProofRequest(id=first.proof.id, from_event=len(updates) - 2), timeout=CALL))
    assert tail == updates[-2:]
    proof = wait(prover, api, first.proof.id)
    root = fetch(prover, api, proof.artifacts[0])
    assert verifies(aludel, root)["chain_id"] == chain
    receipt = api.Receipt.FromString(fetch(prover, api, proof.receipt))
    assert {task.name for task in receipt.tasks} > {"check-0", "prove-0", "root", "verify"}, receipt
    said = prover.VerifyProof(api.VerifyProofRequest(data=root, chain_id=chain), timeout=CALL)
    assert said.accepted and said.statement.next_batch - said.statement.prev_batch == len(data), said
    broken = root[:-9] + bytes([root[-9] ^ 1]) + root[-8:]
    assert not prover.VerifyProof(api.VerifyProofRequest(data=broken), timeout=CALL).accepted
    assert refused(api, grpc.StatusCode.NOT_FOUND, lambda: prover.GetProof(api.GetProofRequest(id="0" * 32), timeout=CALL))
    assert refused(api, grpc.StatusCode.INVALID_ARGUMENT, lambda: prover.GetProof(api.GetProofRequest(id="x"), timeout=CALL))
    unknown = api.SubmitProofRequest(spec=spec(api, chain, 9), idempotency_key="b", batches=data)
    assert refused(api, grpc.StatusCode.UNIMPLEMENTED, lambda: prover.SubmitProof(unknown, timeout=CALL))
    listed = prover.ListProofs(api.ListProofsRequest(), timeout=CALL)
    assert [proof.id for proof in listed.proofs] == [first.proof.id]
    return first.proof.id, root


def pushed(api, stub, server, data, chain, root):
    """The same batches as segments, in pieces: the same statement."""
    prover = stub(server.channel)
    submit = api.SubmitProofRequest(spec=spec(api, chain, 2), idempotency_key="pushed", more_input=True)
    proof = prover.SubmitProof(submit, timeout=CALL).proof

    def segment(number, batches, seal):
        yield api.PushInputRequest(begin=api.InputBegin(id=proof.id, segment=number, seal=seal))
        for batch in batches:
            digest = hashlib.sha256(batch).digest()
            yield api.PushInputRequest(batch=api.InputBatch(size=len(batch), sha256=digest))
            for at in range(0, len(batch), 10_000):
                yield api.PushInputRequest(data=batch[at : at + 10_000])

    for number, batch in enumerate(data):
        prover.PushInput(segment(number, [batch], number == len(data) - 1), timeout=CALL)
    ended = wait(prover, api, proof.id)
    assert ended.state == 5, ended
    proofs = [root, fetch(prover, api, ended.artifacts[0])]
    said = [prover.VerifyProof(api.VerifyProofRequest(data=proof), timeout=CALL) for proof in proofs]
    assert said[0].accepted and said[0] == said[1], said


def by_reflection(server):
    """Messages and methods by what the server says of itself."""
    database = ProtoReflectionDescriptorDatabase(server.channel)
    pool = descriptor_pool.DescriptorPool(database)
    assert "aludel.prover.v1.Prover" in database.get_services() and "grpc.health.v1.Health" in database.get_services()
    service = pool.FindServiceByName("aludel.prover.v1.Prover")
    assert len(service.methods) == 11

    def call(service, method, **fields):
        method = pool.FindServiceByName(service).FindMethodByName(method)
        request, response = (message_factory.GetMessageClass(kind) for kind in (method.input_type, method.output_type))
        unary = server.channel.unary_unary(
            f"/{service}/{method.name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        return unary(request(**fields), timeout=CALL)

    assert len(call("aludel.prover.v1.Prover", "ListProofs").proofs) == 2
    assert call("grpc.health.v1.Health", "Check").status == 1


def watched(server):
    with urllib.request.urlopen(f"http://{server.http}/metrics") as answer:
        text = answer.read().decode()
    assert 'aludel_jobs_ended_total{end="succeeded"} 2' in text, text
    assert urllib.request.urlopen(f"http://{server.http}/readyz").status == 200


def killed(api, stub, aludel, folder, data, chain, kills):
    """Server, workers or both are killed again and again while jobs are at work, and nothing is lost."""
    server = Server(aludel, folder, "--largest-shape", "tiny").start()
    ids, dice = [], random.Random(5)
    for round in range(kills):
        prover = stub(server.channel)
        if round % 10 == 0:
            submit = api.SubmitProofRequest(spec=spec(api, chain, 1 + round % 20 // 10), idempotency_key=str(round), batches=data)
            ids.append(prover.SubmitProof(submit, timeout=CALL, wait_for_ready=True).proof.id)
        time.sleep(dice.uniform(0, 1.5))
        # A task survives five deaths of its worker, and those of the server without end.
        if round % 10 == 3:
            server.kill_workers()
        if round % 20 != 3:
            server.kill()
            server.start()
    prover = stub(server.channel)
    for proof_id in ids:
        proof = wait(prover, api, proof_id)
        assert proof.state == 5, f"{proof}\n{server.lines[-40:]}"
        for artifact in proof.artifacts:
            assert verifies(aludel, fetch(prover, api, artifact))
    assert server.end() == 0, "".join(server.lines[-20:])
    return len(ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aludel", type=Path, default=built(), help="the binary; without it that of `cargo nextest run`")
    parser.add_argument("--kills", type=int, default=50, help="how often the server is killed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "stubs").mkdir()
        api, stub = stubs(folder / "stubs")
        files, chain = batches(args.aludel, folder / "demo")
        data = [file.read_bytes() for file in files]
        server = Server(args.aludel, folder / "data", "--largest-shape", "tiny").start()
        proof_id, root = by_stubs(api, stub, server, args.aludel, data, chain)
        pushed(api, stub, server, data, chain, root)
        by_reflection(server)
        watched(server)
        # From the command line, over what the others left.
        output = folder / "root.bin"
        line = [str(args.aludel), "fetch", proof_id, "--endpoint", f"http://{server.address}", "-o", str(output)]
        subprocess.run(line, check=True, capture_output=True)
        assert output.read_bytes() == root
        line = [str(args.aludel), "submit", "--wait", "--endpoint", f"http://{server.address}", "-o", str(folder / "again.bin")]
        subprocess.run(line + [str(file) for file in files], check=True, capture_output=True)
        assert server.end() == 0, "".join(server.lines[-20:])
        jobs = killed(api, stub, args.aludel, folder / "killed", data, chain, args.kills)
    print(f"stubs, reflection and the command line agree; {args.kills} kills, {jobs} jobs, nothing lost")


if __name__ == "__main__":
    main()
