//! The target `claim` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
