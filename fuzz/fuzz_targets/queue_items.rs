//! The target `queue_items` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
