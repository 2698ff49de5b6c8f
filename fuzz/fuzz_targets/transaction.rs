//! The target `transaction` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
