//! The target `transaction_json` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
