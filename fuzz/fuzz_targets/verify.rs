//! The target `verify` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
