//! The target `state` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
