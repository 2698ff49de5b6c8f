//! `aludel watch`: what happens to a proof.

use std::io::IsTerminal;

use aludel_sdk::{Client, Proof, State, Update, event};
use indicatif::{ProgressBar, ProgressStyle};

use super::{block_on, check_succeeded, connect, failure, name, waiting};
use crate::cli::Watch;
use crate::exit::Failure;

/// Runs the command.
pub fn run(args: &Watch) -> Result<(), Failure> {
    block_on(async {
        let client = connect(&args.service).await?;
        until_end(&client, &args.id).await.map(|_| ())
    })
}

/// Follows a proof on the standard error: a bar on a terminal, a line for each change elsewhere. Fails where it ends without a result.
pub async fn until_end(client: &Client, id: &str) -> Result<Proof, Failure> {
    let shown = Shown::new();
    let told = shown.clone();
    let client = client.clone().on_retry(move |error, failed| {
        waiting(error, failed).into_iter().for_each(|line| told.say(&line));
    });
    let mut updates = client.watch(id, 0);
    while let Some(update) = updates.next().await.map_err(|e| failure(&e, id))? {
        shown.tell(&update);
    }
    shown.end();
    let proof = client.get(id).await.map_err(|e| failure(&e, id))?;
    check_succeeded(&proof)?;
    eprintln!(
        "succeeded: {} proofs, {} bytes",
        proof.artifacts.len(),
        proof.artifacts.iter().map(|a| a.size).sum::<u64>()
    );
    Ok(proof)
}

/// How far a proof is, for people.
#[derive(Clone)]
enum Shown {
    Bar(ProgressBar),
    Lines,
}

impl Shown {
    fn new() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines;
        }
        let style = ProgressStyle::with_template("{prefix:>12} [{bar:40}] {pos}/{len} {elapsed} {msg}");
        Self::Bar(ProgressBar::new(1).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// A line that has nothing to do with how far it is.
    fn say(&self, line: &str) {
        match self {
            Self::Bar(bar) => bar.println(line),
            Self::Lines => eprintln!("{line}"),
        }
    }

    fn tell(&self, update: &Update) {
        let state = name(update.state());
        let progress = update.progress.as_ref();
        let stage = progress.map(|progress| {
            let stage = progress.stage().as_str_name().trim_start_matches("STAGE_").to_lowercase();
            (stage, progress.done, progress.total)
        });
        let what = update.event.as_ref().and_then(what);
        match (self, stage) {
            (Self::Bar(bar), Some((stage, done, total))) => {
                bar.set_prefix(stage);
                bar.set_length(total.into());
                bar.set_position(done.into());
                what.into_iter().for_each(|what| bar.println(what));
            }
            (Self::Bar(bar), None) => bar.set_prefix(state),
            (Self::Lines, stage) => {
                let at =
                    stage.map_or_else(String::new, |(stage, done, total)| format!(" {stage} {done}/{total}"));
                let what = what.map_or_else(String::new, |what| format!(": {what}"));
                eprintln!("{state}{at}{what}");
            }
        }
        if update.state() == State::Cancelling {
            eprintln!("it is being cancelled");
        }
    }

    fn end(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// What is worth a line.
fn what(event: &aludel_sdk::Event) -> Option<String> {
    match event.what.as_ref()? {
        event::What::TaskReleased(released) => {
            let (task, failure) = (released.task.as_ref()?, released.failure.as_ref()?);
            Some(format!("{} failed: {}", task.name, failure.message))
        }
        event::What::ResultLost(lost) => {
            Some(format!("the result of {} is lost, and made again", lost.task.as_ref()?.name))
        }
        event::What::TaskDone(done) => Some(format!("{} is done", done.task.as_ref()?.name)),
        _ => None,
    }
}
