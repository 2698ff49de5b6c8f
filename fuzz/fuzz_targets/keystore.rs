//! The target `keystore` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
