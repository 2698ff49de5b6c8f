//! The target `queue` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
