//! The target `batch` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
