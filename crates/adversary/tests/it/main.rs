//! Every forgery ends in a refusal, and nothing that a proof is made of lacks one. And the converse: whole proofs by the devices of `aludel_kernels` are those of Plonky3.

mod bytes;
mod fields;
mod forgeries;
mod manifest;
mod on_devices;
mod rows;
mod tamper;
mod without_lies;
