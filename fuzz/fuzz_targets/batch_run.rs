//! The target `batch_run` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
