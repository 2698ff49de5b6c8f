//! Runs: what is measured, what is refused, and what is said of another run.

use std::fs;

use aludel_bench::kernels::against::{Side, compare};
use aludel_bench::kernels::case::{Case, Family};
use aludel_bench::kernels::folder::{self, FolderError};
use aludel_bench::kernels::limits::rates;
use aludel_bench::kernels::measure::{Plan, kernels};
use aludel_bench::kernels::open::{BenchError, Kind, Opened, Request, Told, on};
use aludel_bench::kernels::plonky3;
use aludel_bench::kernels::run::{NoRun, Run};
use aludel_bench::kernels::table::{csv, table};
use aludel_bench::kernels::{Profile, Rates};
use aludel_kernels::DeviceId;

use crate::faulty::{Fault, Faulty};

const PLAN: Plan = Plan { repeat: 3, seed: 1 };

fn case(family: Family, log_height: usize, width: usize) -> Case {
    Case { family, log_height, width }
}

fn request(kind: Kind, only: &[&str]) -> Request {
    let text = "model = \"test\"\nnames = []\nmeasured = true\nsources = [\"made up\"]\n[rates]\ncopy_bytes = 1e9\n\
                multiply_low = 1e9\nmultiply_high = 1e9\nmultiply_wide = 1e9\n";
    Request {
        kind,
        device: DeviceId::Cpu,
        memory: None,
        only: only.iter().map(ToString::to_string).collect(),
        plan: PLAN,
        with_limits: false,
        profile: Some(Profile::parse(text).expect("a profile")),
        command_line: vec!["aludel".to_owned(), "bench".to_owned()],
    }
}

fn opened(name: &str) -> Opened<'_> {
    Opened { name, is_processor: true, programs: &|| "tests".to_owned() }
}

fn run(fault: Fault, kind: Kind, only: &[&str]) -> Result<Run, BenchError> {
    on(&Faulty::new(fault), opened("a device, of \"tests\""), &request(kind, only), &mut |_| ())
        .map(|runs| runs.asked)
}

#[test]
fn a_run_has_its_figures_and_is_itself_again_from_json() {
    let (mut announced, mut rows) = (0, Vec::new());
    let device = Faulty::new(Fault::None);
    let mut told = |told: Told<'_>| match told {
        Told::Rows(count) => announced = count,
        Told::Row(row) => rows.push(row.clone()),
    };
    let only = ["ntt", "poseidon2-16"];
    let run = on(&device, opened("test"), &request(Kind::Kernels, &only), &mut told).expect("a run").asked;
    assert_eq!((announced, run.rows.len(), &run.rows), (3, 3, &rows));
    for row in &run.rows {
        let times = row.times.as_ref().expect("times");
        assert_eq!(times.samples_s.len(), 3);
        assert!(times.min_s > 0.0 && times.min_s <= times.median_s && times.median_s <= times.max_s);
        let floor = row.floor_s.expect("a floor");
        assert_eq!(row.fraction, Some(floor / times.median_s));
        let operations = 3.0 * row.operations as f64 / 1e9;
        assert!((floor - operations.max(row.bytes as f64 / 1e9)).abs() < 1e-12);
    }
    assert_eq!(run.device.programs, "tests");
    let json = run.to_json();
    let again = Run::from_json(&json).expect("a run");
    assert_eq!(again.to_json(), json);
    // Data is fresh each time: a small check, a warm-up and three repetitions of each row.
    let mut first_rows = device.first_rows.take();
    assert_eq!(first_rows.len(), 3 * 5);
    first_rows.truncate(5);
    first_rows.drain(..1);
    assert!((1..4).all(|i| first_rows[i] != first_rows[0]));
}

#[test]
fn a_run_compared_with_itself_is_as_fast() {
    let run = run(Fault::None, Kind::Kernels, &["poseidon2"]).expect("a run");
    let found = compare(&run, &run);
    assert_eq!((found.rows.len(), found.missing.len(), found.warnings.len()), (2, 0, 0));
    assert!(found.rows.iter().all(|row| row.ratio == 1.0));
    assert_eq!(found.slower_than(1.0).count(), 0);
    assert_eq!(found.slower_than(0.9).count(), 2);
    assert!(found.text().contains("1.000"));
}

#[test]
fn rows_of_one_side_and_other_machines_are_said() {
    let now = run(Fault::None, Kind::Kernels, &["poseidon2"]).expect("a run");
    let mut before = now.clone();
    before.device.name = "another".to_owned();
    before.versions.aludel = "0.0.1".to_owned();
    before.host.threads += 1;
    before.rows[0].shape = "2^9 x 16".to_owned();
    before.rows[1].times.as_mut().expect("times").median_s *= 2.0;
    let found = compare(&before, &now);
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].ratio, 0.5);
    let sides: Vec<_> = found.missing.iter().map(|(side, row)| (*side, row.as_str())).collect();
    assert_eq!(sides, [(Side::Before, "poseidon2-16 2^16 x 16"), (Side::Now, "poseidon2-16 2^9 x 16")]);
    assert_eq!(found.warnings.len(), 3, "{:?}", found.warnings);
    // A row that failed has no time.
    let mut failed = now.clone();
    failed.rows[1].times = None;
    assert_eq!(compare(&now, &failed).missing, [(Side::Now, "poseidon2-24 2^16 x 24".to_owned())]);
    assert_eq!(compare(&failed, &now).missing, [(Side::Before, "poseidon2-24 2^16 x 24".to_owned())]);
}

#[test]
fn a_device_that_computes_wrongly_is_not_measured() {
    for (fault, only, family) in [
        (Fault::Wrong(Family::Ntt), "ntt", "ntt"),
        (Fault::WrongPath, "merkle", "merkle-commit"),
        (Fault::Wrong(Family::Fold), "fold", "fold"),
        (Fault::Wrong(Family::Grinding), "grinding", "grinding"),
        (Fault::Wrong(Family::RunningSums), "sums", "running-sums"),
        (Fault::WrongTotal, "sums", "running-sums"),
        (Fault::Wrong(Family::Selectors), "selectors", "selectors"),
        (Fault::Wrong(Family::Chunks), "chunks", "chunks"),
        (Fault::Wrong(Family::Openings), "openings", "openings"),
        (Fault::Wrong(Family::Reduced), "reduced", "reduced"),
        (Fault::Wrong(Family::Quotient), "quotient", "quotient"),
        (Fault::Wrong(Family::Lookups), "lookups", "lookups"),
    ] {
        match run(fault, Kind::Kernels, &[only]) {
            Err(BenchError::Wrong(wrong)) => assert_eq!(wrong.family, family),
            other => panic!("{other:?}"),
        }
    }
    let device = Faulty::new(Fault::WrongPath);
    let found = kernels(&device, &[case(Family::MerkleOpen, 4, 3)], PLAN, &Rates::default(), |_| ());
    assert_eq!(found.err().map(|wrong| wrong.family), Some("merkle-open"));
}

#[test]
fn every_family_has_a_time_and_a_floor() {
    let all: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
    let run = run(Fault::None, Kind::Kernels, &[]).expect("a run");
    assert_eq!(run.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), all);
    for row in &run.rows {
        assert!(row.error.is_none() && row.floor_s > Some(0.0) && row.per_second > Some(0.0), "{row:?}");
    }
}

#[test]
fn a_row_that_does_not_fit_says_so_and_the_rest_goes_on() {
    let device = Faulty::new(Fault::Short(1 << 15));
    let cases = [case(Family::Ntt, 13, 16), case(Family::Ntt, 10, 4)];
    let done = kernels(&device, &cases, PLAN, &Rates::default(), |_| ()).expect("it computes rightly");
    let [large, small] = &done.rows[..] else { panic!("two rows") };
    assert!(large.times.is_none() && large.error.as_ref().is_some_and(|e| e.contains("524288 bytes")));
    assert!(small.times.is_some() && small.error.is_none() && small.floor_s.is_none());
    assert_eq!(done.ended, None);
}

#[test]
fn a_lost_device_ends_the_run_with_what_there_is() {
    let run = run(Fault::Lost, Kind::Kernels, &["ntt", "lde", "poseidon2"]).expect("a run");
    let names: Vec<_> = run.rows.iter().map(|row| (row.name.as_str(), row.times.is_some())).collect();
    assert_eq!(names, [("ntt", true), ("inverse-ntt", true), ("coset-lde", false)]);
    assert!(run.ended.as_ref().is_some_and(|why| why.contains("fell off the bus")));
    assert!(table(&run).contains("ended early"));
    assert_eq!(Run::from_json(&run.to_json()).expect("a run").ended, run.ended);
}

#[test]
fn limits_give_the_rates_of_floors() {
    let run = run(Fault::None, Kind::Limits, &["multiply-low", "multiply-high", "multiply-wide", "fma"]);
    let run = run.expect("a run");
    let rates = rates(&run.rows);
    assert!(rates.product_seconds().is_some_and(|s| s > 0.0) && rates.fma_64.is_some());
    assert_eq!(rates.copy_bytes, None);
    // The profile has no rate of numbers of 64 bits.
    let known: Vec<_> = run.rows.iter().map(|row| row.fraction.is_some()).collect();
    assert_eq!(known, [true, true, true, false]);
    for row in &run.rows {
        assert_eq!(row.operations, (1 << 12) * 64 * 8 * 32);
    }
}

/// Where a profile has no rates, the run's own are those of its floors, and are kept.
#[test]
fn rates_that_nobody_knows_are_measured() {
    let request = Request { profile: None, ..request(Kind::Kernels, &["poseidon2-16"]) };
    let mut announced = 0;
    let mut told = |told: Told<'_>| match told {
        Told::Rows(count) => announced = count,
        Told::Row(_) => {}
    };
    let runs = on(&Faulty::new(Fault::None), opened("test"), &request, &mut told).expect("a run");
    let limits = runs.limits.expect("limits");
    assert_eq!((announced, limits.rows.len(), limits.kind.as_str()), (8, 7, "limits"));
    assert_eq!(runs.asked.profile.rates, rates(&limits.rows));
    assert!(runs.asked.profile.sources[0].starts_with("measured by this run"));
    assert!(runs.asked.profile.measured && runs.asked.rows[0].fraction.is_some());
    assert!(limits.rows.iter().all(|row| row.times.is_some() && row.fraction.is_none()));
}

#[test]
fn names_of_no_row_are_refused() {
    for kind in [Kind::Kernels, Kind::Limits] {
        assert!(matches!(run(Fault::None, kind, &["nothing"]), Err(BenchError::Nothing(_))));
    }
}

#[test]
fn folders_are_whole_and_never_overwritten() {
    let place = tempfile::tempdir().expect("a folder");
    let run = run(Fault::None, Kind::Kernels, &["poseidon2-16"]).expect("a run");
    let folder = place.path().join("new");
    folder::write(&folder, &[&run]).expect("it is free");
    assert_eq!(folder::read(&folder, "kernels").expect("a run").to_json(), run.to_json());
    assert_eq!(folder::read(&folder.join("kernels.json"), "any").expect("a run").date, run.date);
    let readme = fs::read_to_string(folder.join("README.md")).expect("a file");
    assert!(readme.contains("poseidon2-16") && readme.contains("aludel bench"), "{readme}");
    assert!(matches!(folder::write(&folder, &[&run]), Err(FolderError::Taken(_))));
    assert!(matches!(folder::check_free(&folder.join("README.md")), Err(FolderError::Taken(_))));
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    folder::write(&empty, &[&run]).expect("an empty one is free");
    // Nothing else is left beside them.
    let left = fs::read_dir(place.path()).expect("a folder").count();
    assert_eq!(left, 2);
    assert!(matches!(folder::read(&folder, "limits"), Err(FolderError::Io { .. })));
}

#[test]
fn what_is_no_run_is_said() {
    assert!(matches!(Run::from_json("{"), Err(NoRun::Text(_))));
    assert!(matches!(Run::from_json("{}"), Err(NoRun::Text(_))));
    assert_eq!(Run::from_json("{\"schema\": 2}").err(), Some(NoRun::Schema { found: 2 }));
}

#[test]
fn tables_and_lines_have_every_row() {
    let mut run = run(Fault::None, Kind::Kernels, &["ntt"]).expect("a run");
    run.rows[0].times = None;
    run.rows[0].error = Some("one, \"two\"".to_owned());
    let text = table(&run);
    assert!(
        text.contains("one, \"two\"") && text.contains("2^16 x 16") && text.contains("test, measured"),
        "{text}"
    );
    let lines = csv(&run);
    assert_eq!(lines.matches("\r\n").count(), 3);
    assert!(lines.contains("\"one, \"\"two\"\"\""));
}

#[test]
fn the_processors_device_is_compared_with_plonky3() {
    let cases = [case(Family::Ntt, 8, 4), case(Family::FieldBase, 4, 16), case(Family::MerkleCommit, 5, 8)];
    let cases = [&cases[..], &[case(Family::Openings, 6, 3), case(Family::Lookups, 5, 3)]].concat();
    let compared = plonky3::compare(&cases, PLAN).expect("memory");
    let names: Vec<_> = compared.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["ntt", "merkle-commit", "openings", "lookups"]);
    for row in compared {
        assert_eq!((row.device.samples_s.len(), row.plonky3.samples_s.len()), (3, 3));
        assert!((row.ratio - row.device.median_s / row.plonky3.median_s).abs() < 1e-9);
    }
}
