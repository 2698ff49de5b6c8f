//! The target `public_key_json` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
