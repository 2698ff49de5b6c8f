//! The target `pubdata` under libFuzzer.
#![no_main]
aludel_fuzz::libfuzzer!();
