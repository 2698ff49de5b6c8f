//! Nothing is left out: each column, constraint and bus of each chip has a case of corruption, each field of the
//! statement is altered, and so is each field of a proof, in `fields.rs`.

use std::collections::BTreeSet;

use aludel_adversary::catalogue::{altered, chapters};
use aludel_adversary::fields::{FIELDS, fields};
use aludel_adversary::honest::SHARD;
use aludel_circuits::tamper::{Survey, cases, uncovered};
use aludel_circuits::{Bus, Chip, MachineChip, Shape};

/// The statement's fields, found by walking what is serialised, are those that are altered.
#[test]
fn every_field_of_the_statement_is_altered() {
    let serialised = serde_json::to_value(SHARD.statement).expect("a statement is serialised");
    let found: Vec<_> = fields(&serialised).into_keys().collect();
    let mut names: Vec<_> = altered(SHARD.statement).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, found);
    assert_eq!(names.len(), 13);
    for (name, statement) in altered(SHARD.statement) {
        assert_ne!(statement.digest(), SHARD.statement.digest(), "{name}");
    }
}

/// What the whole crate covers, in numbers, each of which is at least what it was when it was written.
#[test]
fn nothing_lacks_a_case() {
    let chips = MachineChip::all(Shape::Tiny);
    let mut buses = BTreeSet::new();
    let (mut columns, mut constraints, mut corruptions) = (0, 0, 0);
    for chip in &chips {
        let survey = Survey::of(chip);
        assert_eq!(uncovered(chip, cases(chip)), Vec::<String>::new(), "chip {}", chip.name());
        assert!(cases(chip).iter().all(|case| case.chip == chip.name()), "chip {}", chip.name());
        columns += chip.width();
        constraints += survey.constraints.len();
        corruptions += cases(chip).len();
        buses.extend(survey.buses);
    }
    assert_eq!(buses, Bus::SHARD.into_iter().collect());
    let forgeries: usize = chapters().iter().map(|chapter| chapter.crimes.len()).sum();
    let statement = altered(SHARD.statement).len();
    println!(
        "{columns} columns, {constraints} constraints, {} buses, {statement} statement fields, {} proof fields, \
         {corruptions} corruptions, {forgeries} forgeries",
        buses.len(),
        FIELDS.len(),
    );
    assert!(corruptions >= 498 && forgeries >= 120, "{corruptions}, {forgeries}");
}

/// The manifest can fail: without cases, each column, constraint and bus of each chip lacks one.
#[test]
fn a_chip_without_cases_lacks_them_all() {
    for chip in MachineChip::all(Shape::Tiny) {
        let (survey, left) = (Survey::of(&chip), uncovered(&chip, &[]));
        let named = |name: String| assert!(left.contains(&name), "chip {}: {name}", chip.name());
        survey.constraints.iter().for_each(|name| named(format!("constraint {name}")));
        survey.buses.iter().for_each(|bus| named(format!("bus {}", bus.name())));
        assert!(left.iter().any(|name| name.starts_with("column ")), "chip {}", chip.name());
        // One case fewer than there are covers less than they all do, somewhere in each chip.
        let all = cases(&chip);
        let without = |i: usize| [&all[..i], &all[i + 1..]].concat();
        assert!((0..all.len()).any(|i| !uncovered(&chip, &without(i)).is_empty()), "chip {}", chip.name());
    }
}
