//! The target `verify_root` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
