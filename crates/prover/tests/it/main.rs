//! Proving and verifying, end to end: on a small machine, and on the real one. What forgers try is in
//! `crates/adversary`.

mod aggregate;
mod keys;
mod machine;
mod round_trip;
mod slice;
mod transcript;
