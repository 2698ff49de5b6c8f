//! `--profile`: time by stage and cells by chip, on standard error.

use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_prover::profile::Profile;
use aludel_verifier::ShardKey;
use tracing_subscriber::layer::SubscriberExt;

use crate::exit::{Failure, Kind, OrFail};

/// An account of time that runs from now on, where it was asked for.
pub struct Recorder(Option<Profile>);

impl Recorder {
    /// Starts the account.
    pub fn start(wanted: bool) -> Result<Self, Failure> {
        if !wanted {
            return Ok(Self(None));
        }
        let profile = Profile::new();
        let subscriber = tracing_subscriber::registry().with(profile.clone());
        tracing_subscriber::util::SubscriberInitExt::try_init(subscriber).or_fail(Kind::Bug, "--profile")?;
        Ok(Self(Some(profile)))
    }

    /// Prints the account so far, and the cells of the shapes that were proven.
    pub fn print(&self, shapes: &[Shape]) -> Result<(), Failure> {
        let Some(profile) = &self.0 else { return Ok(()) };
        eprint!("{profile}");
        for shape in shapes {
            eprint!("{}", cells(*shape)?);
        }
        Ok(())
    }
}

fn cells(shape: Shape) -> Result<String, Failure> {
    let key = ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?;
    let mut text = format!("\n{:>12} {:>6}  chip, shape {shape}\n", "cells", "share");
    let chips = MachineChip::all(shape);
    let sizes = key.layout().chips().iter();
    let cells: Vec<usize> =
        sizes.map(|c| (c.width + c.fixed_width + c.auxiliary()) << c.log_height).collect();
    let all: usize = cells.iter().sum();
    for (chip, cells) in chips.iter().zip(cells) {
        let share = 100.0 * cells as f64 / all as f64;
        text.push_str(&format!("{cells:>12} {share:>5.1}%  {}\n", chip.name()));
    }
    Ok(text)
}
