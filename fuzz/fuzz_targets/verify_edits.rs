//! The target `verify_edits` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
