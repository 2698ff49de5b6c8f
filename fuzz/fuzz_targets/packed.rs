//! The target `packed` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
