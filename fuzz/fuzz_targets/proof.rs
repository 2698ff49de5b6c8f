//! The target `proof` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
