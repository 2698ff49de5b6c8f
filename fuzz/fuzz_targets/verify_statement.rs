//! The target `verify_statement` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
