//! `aludel config`: every setting and its value.

use std::fmt::Write;

use crate::cli;
use crate::config::Config;
use crate::exit::Failure;
use crate::files::Place;

/// Runs the command.
pub fn run(args: &cli::Config) -> Result<(), Failure> {
    let config = Config::load(args.config.clone(), &[])?;
    let mut text = String::new();
    for (setting, value) in config.all() {
        if args.explain {
            let _ = writeln!(text, "# {}\n# from: {}", setting.doc, value.origin);
        }
        let _ = writeln!(text, "{} = {}", setting.key, toml::Value::String(value.text.clone()));
        if args.explain {
            text.push('\n');
        }
    }
    Place::Stream.write(text.as_bytes())
}
