//! Prints every target with its kind, in the order in which their hours run: for `fuzz/run`.

#![forbid(unsafe_code)]

use aludel_fuzz::{Kind, all};

fn main() {
    for kind in Kind::ALL {
        for target in all().iter().filter(|target| target.kind == kind) {
            println!("{} {kind}", target.name);
        }
    }
}
