//! The target `rebuild` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
