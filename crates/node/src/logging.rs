//! Lines about what happens, on the standard error.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing_subscriber::filter::LevelFilter;

use crate::config::{self, Config};
use crate::exit::{Failure, Kind, OrFail};

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pretty,
    Compact,
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "compact" => Ok(Self::Compact),
            "json" => Ok(Self::Json),
            _ => Err("choose pretty, compact or json".into()),
        }
    }
}

/// Begins to write them.
///
/// # Errors
/// The settings are none, or it was begun already.
pub fn start(config: &Config) -> Result<(), Failure> {
    let format: Format = config.get(config::LOG_FORMAT)?;
    let level: LevelFilter = config.get(config::LOG_LEVEL)?;
    let colours = std::io::stderr().is_terminal();
    let lines =
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(colours);
    let begun = match format {
        Format::Pretty => lines.with_target(false).try_init(),
        Format::Compact => lines.compact().with_target(false).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    begun.or_fail(Kind::Bug, "log")
}
