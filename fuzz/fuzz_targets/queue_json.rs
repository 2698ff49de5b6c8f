//! The target `queue_json` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
