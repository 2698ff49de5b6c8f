//! The target `statement` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
