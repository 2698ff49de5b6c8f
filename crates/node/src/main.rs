//! `aludel`: commands over files of ours. It parses, calls one command and says how it went.

#![forbid(unsafe_code)]

mod batching;
mod cli;
mod commands;
mod config;
mod costs;
mod exit;
mod files;
mod formats;
mod logging;
mod memory;
mod panics;
mod profile;
mod progress;
mod render;
mod store;
mod workers;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use exit::{Failure, Kind, OrFail};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(panics::report_bug));
    let cli = Cli::parse();
    match use_threads(cli.threads).and_then(|()| run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    use commands::{
        aggregate, bench, claim, client, demo, devices, doctor, execute, inspect, keygen, keys, params,
        prove, rebuild, serve, settings, sign, verify, verify_claim, worker,
    };
    match command {
        Command::Keygen(args) => keygen::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Sign(args) => sign::run(&args),
        Command::Execute(args) => execute::run(&args),
        Command::Prove(args) => prove::run(&args),
        Command::Aggregate(args) => aggregate::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Claim(args) => claim::run(&args),
        Command::VerifyClaim(args) => verify_claim::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Params(args) => params::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Submit(args) => client::submit::run(&args),
        Command::Status(args) => client::status::run(&args),
        Command::Watch(args) => client::watch::run(&args),
        Command::Cancel(args) => client::cancel::run(&args),
        Command::Fetch(args) => client::fetch::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Config(args) => settings::run(&args),
        Command::Worker => worker::run(),
        Command::Demo(args) => demo::run(&args),
    }
}

/// Sizes the pool in which everything parallel runs. 0 is one thread a core.
fn use_threads(threads: u16) -> Result<(), Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.into())
        .build_global()
        .or_fail(Kind::Usage, "--threads")
}
