//! The service's messages and methods, made from `proto/`, which is their source.
//!
//! `proto/descriptors.binpb` is what was last released of them: a test refuses what would break those who use it.

#![forbid(unsafe_code)]

pub mod status;

/// `aludel.prover.v1`.
#[expect(missing_docs, reason = "made from proto/, where the comments are")]
#[expect(clippy::all, reason = "made from proto/")]
pub mod prover_v1 {
    tonic::include_proto!("aludel.prover.v1");
}

/// Everything in `proto/` as an encoded `google.protobuf.FileDescriptorSet`, those of the well-known types with it: for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
