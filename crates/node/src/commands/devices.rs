//! `aludel devices`: what this machine has to prove on.

use std::fmt::Write;

use aludel_kernels::devices::{Found, devices};
use serde_json::{Value, json};

use crate::cli::Devices;
use crate::exit::Failure;
use crate::files::Place;
use crate::render;

/// Runs the command.
pub fn run(args: &Devices) -> Result<(), Failure> {
    let (found, reasons) = devices();
    if args.json {
        let reasons: Vec<_> = reasons.iter().map(ToString::to_string).collect();
        let found: Vec<_> = found.iter().map(describe).collect();
        return render::print(&json!({ "devices": found, "missing": reasons }), true);
    }
    let mut text = String::new();
    for device in &found {
        let _ = writeln!(text, "{:8} {}", device.id.to_string(), line(device));
    }
    for reason in reasons {
        let _ = writeln!(text, "none     {reason}");
    }
    Place::Stream.write(text.as_bytes())
}

fn describe(device: &Found) -> Value {
    json!({
        "id": device.id.to_string(),
        "name": device.name,
        "memory_bytes": device.memory,
        "is_processor": device.is_processor,
        "refused": device.refused.as_ref().map(ToString::to_string),
    })
}

fn line(device: &Found) -> String {
    let memory = device.memory.map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20));
    let state = match &device.refused {
        Some(why) => format!("not usable: {why}"),
        None if device.is_processor => "runs on the processor".to_owned(),
        None => "usable".to_owned(),
    };
    format!("{}{memory}; {state}", device.name)
}
