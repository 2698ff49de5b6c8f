//! The catalogue, chapter by chapter: each attempt ends in the error that its crime names, and none is accepted.

use std::collections::BTreeSet;

use aludel_adversary::catalogue::{Chapter, Class, Control, Crime, Ending, Trial, chapters};
use aludel_adversary::toy;
use aludel_protocol::Statement;
use aludel_verifier::VerifyError;
use aludel_verifier::verify::{Expectations, verify_with};
use rayon::prelude::*;

/// What is wrong with a crime's attempts.
fn judge(crime: &Crime) -> (Vec<String>, usize) {
    let mut trial = Trial::default();
    (crime.commit)(&mut trial);
    let mut failures = core::mem::take(&mut trial.failures);
    let expected: BTreeSet<_> = crime.ends.iter().copied().collect();
    if failures.is_empty() && trial.endings() != expected {
        failures.push(format!("must end in {expected:?}, and ended in {:?}", trial.endings()));
    }
    (failures, trial.refusals.len())
}

fn control(control: &Control) -> Vec<String> {
    let mut trial = Trial::default();
    (control.commit)(&mut trial);
    if trial.accepted == 0 {
        trial.failures.push("nothing was tried".into());
    }
    trial.failures
}

fn every_crime_of(name: &str) {
    let chapter = *chapters().iter().find(|chapter| chapter.name == name).expect("a chapter");
    let crimes = chapter.crimes.par_iter().map(|crime| (crime.name, judge(crime)));
    let verdicts: Vec<_> = crimes.collect();
    let attempts: usize = verdicts.iter().map(|(_, (_, attempts))| attempts).sum();
    let controls = chapter.controls.par_iter().map(|c| (c.name, control(c)));
    let failures = verdicts.into_iter().map(|(crime, (failures, _))| (crime, failures));
    let failures: Vec<String> = failures
        .chain(controls.collect::<Vec<_>>())
        .flat_map(|(name, failures)| failures.into_iter().map(move |failure| format!("{name}: {failure}")))
        .collect();
    println!("{name}: {} forgeries, {attempts} attempts", chapter.crimes.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

macro_rules! chapters {
    ($($chapter:ident),* $(,)?) => {
        const TESTED: &[&str] = &[$(stringify!($chapter)),*];
        $(
            #[test]
            fn $chapter() {
                every_crime_of(stringify!($chapter));
            }
        )*
    };
}

chapters!(
    chain,
    empty,
    forced,
    pubdata,
    refunds,
    rotation,
    transfers,
    withdrawals,
    terminals,
    quotients,
    openings,
    low_degree,
    heights,
    statements,
    fixed,
    bytes,
);

#[test]
fn every_chapter_is_tested_and_every_class_has_a_crime() {
    let names: Vec<_> = chapters().iter().map(|Chapter { name, .. }| *name).collect();
    assert_eq!(names, TESTED);
    let crimes: Vec<&Crime> = chapters().iter().flat_map(|chapter| chapter.crimes).collect();
    let classes: BTreeSet<Class> = crimes.iter().map(|crime| crime.class).collect();
    assert_eq!(classes, Class::ALL.into_iter().collect());
    for crime in crimes {
        assert!(!crime.ends.is_empty() && !crime.tries.is_empty(), "{}", crime.name);
    }
    for chapter in chapters() {
        let names: BTreeSet<_> = chapter.crimes.iter().map(|crime| crime.name).collect();
        assert_eq!(names.len(), chapter.crimes.len(), "{}: two crimes of one name", chapter.name);
    }
}

/// The judge can fail: an honest proof is no forgery, and an error is not another.
#[test]
fn what_is_accepted_is_found_out() {
    fn verdict(bytes: &[u8]) -> Result<Statement, VerifyError> {
        verify_with(toy::prover().key(), bytes, &Expectations::default())
    }
    let accepted = |trial: &mut Trial| trial.ends("honest", verdict(toy::proof()), Ending::Decode);
    let other_error = |trial: &mut Trial| trial.ends("cut", verdict(&toy::proof()[..9]), Ending::TooLong);
    let too_few: fn(&mut Trial) = |trial| trial.ends("cut", verdict(&toy::proof()[..9]), Ending::Decode);
    let crime = |commit: fn(&mut Trial), ends| Crime {
        name: "none",
        class: Class::Damage,
        tries: "nothing",
        ends,
        commit,
    };
    for (crime, found) in [
        (crime(accepted, &[Ending::Decode]), "ACCEPTED"),
        (crime(other_error, &[Ending::TooLong]), "ended in"),
        (crime(too_few, &[Ending::Decode, Ending::TooLong]), "must end in"),
    ] {
        let (failures, _) = judge(&crime);
        assert!(failures.len() == 1 && failures[0].contains(found), "{failures:?}");
    }
    assert_eq!(judge(&crime(too_few, &[Ending::Decode])), (Vec::new(), 1));
}
