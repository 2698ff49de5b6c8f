//! What was released of the wire stays: old clients read new servers, and the other way round.

mod breaks;

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use aludel_proto::DESCRIPTORS;
use breaks::{breaks, enums, services};
use prost::Message;
use prost_types::FileDescriptorSet;

const UPDATE: &str = "ALUDEL_UPDATE_DESCRIPTORS";

fn decode(bytes: &[u8]) -> FileDescriptorSet {
    FileDescriptorSet::decode(bytes).expect("is a set of descriptors")
}

/// `proto/descriptors.binpb` is what this build speaks. After an addition: `ALUDEL_UPDATE_DESCRIPTORS=1 cargo test -p aludel-proto`, which writes nothing where
/// something breaks.
#[test]
fn nothing_breaks_what_was_released() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/descriptors.binpb");
    let released = fs::read(&path).expect("is committed");
    let found = breaks(&decode(&released), &decode(DESCRIPTORS));
    assert!(found.is_empty(), "this would break what was released:\n{}", found.join("\n"));
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, DESCRIPTORS).expect("writes");
    } else {
        assert!(
            released == DESCRIPTORS,
            "proto/ has additions: run `{UPDATE}=1 cargo test -p aludel-proto` and commit"
        );
    }
}

#[test]
fn every_method_is_there() {
    let methods: BTreeSet<String> = services(&decode(DESCRIPTORS))
        .flat_map(|(service, of)| of.method.into_iter().map(move |m| format!("{service}.{}", m.name())))
        .collect();
    let expected = [
        "CancelProof",
        "EstimateProof",
        "GetArtifact",
        "GetCapabilities",
        "GetProof",
        "ListProofs",
        "PushInput",
        "SubmitProof",
        "VerifyProof",
        "WaitProof",
        "WatchProof",
    ];
    let expected: BTreeSet<_> =
        expected.iter().map(|name| format!("aludel.prover.v1.Prover.{name}")).collect();
    assert_eq!(methods, expected);
}

/// Zero is what an old client sees of a value that it does not know, and what is left out.
#[test]
fn enums_begin_at_unspecified() {
    let set = decode(DESCRIPTORS);
    assert!(enums(&set).count() > 4);
    for (name, of) in enums(&set) {
        let first = of.value.first().expect("has values");
        assert!(first.number() == 0 && first.name().ends_with("_UNSPECIFIED"), "{name}: {}", first.name());
    }
}
