//! The target `usage` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
