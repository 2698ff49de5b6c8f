//! A run is a function of its seed, names what fails, and is not content with nothing.

use super::*;

fn target(run: fn(&[u8]) -> Verdict) -> Target {
    Target { name: "example", kind: Kind::Json, run, seeds: || vec![vec![7; 20], vec![8; 30]] }
}

fn first_byte(data: &[u8]) -> Verdict {
    match data.first() {
        Some(7 | 8) => Verdict::Accepted,
        _ => Verdict::Refused,
    }
}

fn bounds(inputs: u64) -> Bounds {
    Bounds { time: Duration::from_secs(60), inputs, ..Bounds::share(Kind::Json) }
}

#[test]
fn a_failure_is_named_and_found_again() {
    let odd = target(|data| {
        assert!(data.len() % 7 != 5, "{} bytes", data.len());
        first_byte(data)
    });
    let failure = run(&odd, &bounds(10_000)).expect_err("some length is 5 modulo 7");
    let Failure::Input { seed: 1, number, ref input, .. } = failure else { panic!("{failure}") };
    assert!(number >= 2 && input.len() % 7 == 5);
    assert!(failure.to_string().contains(&hex::encode(input)), "{failure}");
    let again = Bounds { start: number, ..bounds(1) };
    assert_eq!(run(&odd, &again), Err(failure.clone()));
    let other = Bounds { seed: 2, ..again };
    assert_ne!(run(&odd, &other), Err(failure));
}

#[test]
fn a_run_that_shows_nothing_fails() {
    assert!(matches!(run(&target(|_| Verdict::Accepted), &bounds(1000)), Err(Failure::Empty { .. })));
    assert!(matches!(run(&target(|_| Verdict::Refused), &bounds(1)), Err(Failure::Seed { number: 0, .. })));
    let report = run(&target(first_byte), &bounds(1000)).expect("both sides");
    assert!(report.inputs == 1000 && report.accepted > 2, "{report}");
}

#[test]
fn time_bounds_a_run() {
    let none = Bounds { time: Duration::ZERO, ..bounds(1 << 40) };
    let report = run(&target(first_byte), &none).expect("ends");
    assert!(report.inputs < 1000, "{report}");
}

#[test]
fn variables_change_the_bounds() {
    let read = |pairs: &'static [(&str, &str)]| {
        let get = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Bounds::share(Kind::Proof).with_variables(get)
    };
    assert_eq!(read(&[]), Ok(Bounds::share(Kind::Proof)));
    let long = read(&[("ALUDEL_FUZZ_SECONDS", "3600"), ("ALUDEL_FUZZ_SEED", "9")]).expect("numbers");
    assert_eq!((long.time.as_secs(), long.inputs, long.seed), (3600, u64::MAX, 9));
    let bad = read(&[("ALUDEL_FUZZ_INPUTS", "many")]).expect_err("no number");
    assert!(bad.to_string().contains("ALUDEL_FUZZ_INPUTS=many"), "{bad}");
}

#[test]
fn targets_share_a_minute_of_their_kind() {
    for kind in Kind::ALL {
        let targets = crate::all().iter().filter(|target| target.kind == kind).count();
        let whole = Bounds::share(kind).time * u32::try_from(targets).expect("few");
        assert!((59..=60).contains(&whole.as_secs()) || whole == MINUTE, "{kind}: {whole:?}");
    }
}

#[test]
fn the_corpus_follows_the_seeds_and_is_mutated_too() {
    let start = Start { seeds: vec![vec![7; 20], vec![8; 30]], corpus: vec![vec![9; 25]] };
    let bounds = bounds(0);
    let inputs: Vec<_> = (0..500).map(|number| start.input(&bounds, number)).collect();
    assert_eq!(inputs[..3], [vec![7; 20], vec![8; 30], vec![9; 25]]);
    let edges: Vec<_> = inputs[3..].iter().step_by(2).take(EDGES).cloned().collect();
    assert_eq!(edges, (0..EDGES).map(|i| edge(&[7; 20], i)).collect::<Vec<_>>());
    let mutants = &inputs[3 + 4 * EDGES..];
    for value in [7, 8, 9] {
        let of_it = |input: &&Vec<u8>| input.iter().filter(|byte| **byte == value).count() > 15;
        assert!(mutants.iter().filter(of_it).count() > 20, "{value}");
    }
}
