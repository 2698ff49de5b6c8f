//! Each corruption of a trace and who refuses it. `manifest.rs` fails for what has none.

use super::sample::{self, Sample, chips};
use crate::recursion::{alu, bits, caps, pack, path, public, sponge, transcript};
use crate::tamper::Case;

/// The cases of all chips.
pub(super) const ALL: [&[Case]; 8] = [
    sponge::cases::CASES,
    path::cases::CASES,
    alu::cases::CASES,
    transcript::cases::CASES,
    bits::cases::CASES,
    pack::cases::CASES,
    caps::cases::CASES,
    public::cases::CASES,
];

#[test]
fn every_corruption_is_refused() {
    let (program, _) = sample::program();
    let honest = chips(&program, &Sample::new(7));
    assert_eq!(honest.violations(), []);
    let failed: Vec<String> =
        ALL.into_iter().flatten().filter_map(|case| case.run(&honest).err().map(|e| e.to_string())).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
