//! `aludel bench`: kernels and devices, beside what is possible.

use std::fs;

use aludel_bench::kernels::against::{Comparison, compare};
use aludel_bench::kernels::case::defaults;
use aludel_bench::kernels::folder::{self, FolderError};
use aludel_bench::kernels::measure::Plan;
use aludel_bench::kernels::open::{BenchError, Kind as What, Request, Runs, Told, bench};
use aludel_bench::kernels::table::{csv, table};
use aludel_bench::kernels::{Profile, Run, plonky3};

use super::warn_without_vectors;
use crate::cli::{Bench, BenchArgs, BenchPlonky3};
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::{progress, render};

/// Runs the command.
pub fn run(args: &Bench) -> Result<(), Failure> {
    warn_without_vectors();
    if cfg!(debug_assertions) {
        eprintln!("warning: this build checks itself and is slower; measure one that is made with --release");
    }
    match args {
        Bench::Kernels(args) => measure(What::Kernels, args),
        Bench::Limits(args) => measure(What::Limits, args),
        Bench::Plonky3(args) => against_plonky3(args),
    }
}

fn measure(what: What, args: &BenchArgs) -> Result<(), Failure> {
    // What can be said before an hour of measuring is said before it.
    let request = request(what, args)?;
    if let Some(out) = &args.out {
        folder::check_free(out).or_fail(Kind::Usage, "--out")?;
    }
    let before = args.against.as_ref().map(|path| folder::read(path, what.name()));
    let before = before.transpose().map_err(|error| Failure::new(unread(&error), error))?;
    let Runs { asked, limits } = measured(&request)?;
    let runs: Vec<&Run> = [&asked].into_iter().chain(&limits).collect();
    if let Some(out) = &args.out {
        folder::write(out, &runs).or_fail(Kind::Usage, "--out")?;
    }
    let comparison = before.map(|before| compare(&before, &asked));
    print(args, &runs, comparison.as_ref())?;
    if let Some(why) = runs.iter().find_map(|run| run.ended.as_ref()) {
        return Err(Failure::new(Kind::Usage, format!("it ended before its last row: {why}")));
    }
    comparison.map_or(Ok(()), |comparison| judge(&comparison, args.fail_above))
}

fn request(what: What, args: &BenchArgs) -> Result<Request, Failure> {
    let profile = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).or_fail(Kind::Usage, path.display())?;
        Profile::parse(&text).or_fail(Kind::Undecodable, path.display())
    };
    Ok(Request {
        kind: what,
        device: args.device,
        memory: args.memory,
        only: args.only.clone(),
        plan: Plan { repeat: args.repeat.into(), seed: args.seed },
        with_limits: args.out.is_some(),
        profile: args.profile.as_ref().map(profile).transpose()?,
        command_line: std::env::args().collect(),
    })
}

/// Measures, with a bar.
fn measured(request: &Request) -> Result<Runs, Failure> {
    let bar = progress::bar("measuring", 0);
    let mut told = |told: Told<'_>| match told {
        Told::Rows(count) => {
            bar.set_length(count as u64);
            bar.tick();
        }
        Told::Row(_) => bar.inc(1),
    };
    let runs = bench(request, &mut told);
    bar.finish_and_clear();
    runs.map_err(|error| Failure::new(kind(&error), error))
}

/// The exit code of what is not measured.
const fn kind(error: &BenchError) -> Kind {
    match error {
        BenchError::Device(_) | BenchError::Folder(_) | BenchError::Nothing(_) => Kind::Usage,
        BenchError::Wrong(_) | BenchError::Profile(_) => Kind::Bug,
    }
}

/// The exit code of a run that is not read.
const fn unread(error: &FolderError) -> Kind {
    match error {
        FolderError::NoRun { .. } => Kind::Undecodable,
        FolderError::Taken(_) | FolderError::Io { .. } => Kind::Usage,
    }
}

fn print(args: &BenchArgs, runs: &[&Run], comparison: Option<&Comparison>) -> Result<(), Failure> {
    let compared = comparison.map(Comparison::text);
    let asked = || runs.iter().take(1);
    let text = match (args.json, args.csv) {
        (true, _) => asked().map(|run| run.to_json()).collect::<String>(),
        (_, true) => asked().map(|run| csv(run)).collect(),
        _ => {
            let tables: Vec<_> = runs.iter().rev().map(|run| table(run)).chain(compared.clone()).collect();
            return Place::Stream.write(tables.join("\n").as_bytes());
        }
    };
    // Who reads this output wants nothing else in it.
    if let Some(compared) = compared {
        eprint!("{compared}");
    }
    Place::Stream.write(text.as_bytes())
}

/// Fails where a row is too slow, or none can be compared.
fn judge(comparison: &Comparison, fail_above: Option<f64>) -> Result<(), Failure> {
    let Some(most) = fail_above else { return Ok(()) };
    if comparison.rows.is_empty() {
        return Err(Failure::new(Kind::NotAccepted, "--fail-above: no row is in both runs"));
    }
    let slower: Vec<_> =
        (comparison.slower_than(most)).map(|row| format!("{} by {:.3}", row.row, row.ratio)).collect();
    if slower.is_empty() {
        return Ok(());
    }
    let what = format!("slower than {most} times the run before: {}", slower.join(", "));
    Err(Failure::new(Kind::NotAccepted, what))
}

fn against_plonky3(args: &BenchPlonky3) -> Result<(), Failure> {
    let plan = Plan { repeat: args.repeat.into(), seed: 1 };
    let compared =
        plonky3::compare(&defaults(true, u64::MAX, &args.only), plan).or_fail(Kind::Usage, "cpu")?;
    if args.json {
        return render::print(&compared, true);
    }
    Place::Stream.write(plonky3::text(&compared).as_bytes())
}
