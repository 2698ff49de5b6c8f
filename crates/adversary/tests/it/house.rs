//! This crate is for tests: nobody takes it along otherwise.

use std::path::Path;

#[test]
fn only_tests_depend_on_this_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let crates = std::fs::read_dir(root.join("crates")).expect("the workspace has crates");
    let crates = crates.map(|entry| entry.expect("a directory").path());
    let mut takers = 0;
    for path in crates.chain([root.join("bench"), root.join("fuzz")]) {
        let manifest = std::fs::read_to_string(path.join("Cargo.toml")).expect("a crate has a manifest");
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            } else if line.starts_with("aludel-adversary") {
                assert_eq!(section, "[dev-dependencies]", "{}", path.display());
                takers += 1;
            }
        }
    }
    assert!(takers > 0, "nobody was found to depend on it");
}
