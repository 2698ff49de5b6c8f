//! `aludel devices`: what this machine has to prove on.

use std::fmt::Write;

use aludel_kernels::Clock;
use aludel_kernels::devices::{Capabilities, Found, devices};
use aludel_kernels::health::Health;
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
        let more = [device.limits.as_ref().map(limits_line), device.health.as_ref().map(health_line)];
        for line in more.into_iter().flatten().filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "{:8} {line}", "");
        }
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
        "limits": device.limits.as_ref().map(limits),
        "health": device.health.as_ref().map(health),
        "refused": device.refused.as_ref().map(ToString::to_string),
    })
}

fn limits(limits: &Capabilities) -> Value {
    match limits {
        Capabilities::Cuda(cuda) => json!({
            "compute_capability": capability(cuda.compute_capability),
            "multiprocessors": cuda.multiprocessors,
            "shared_bytes": cuda.shared_bytes,
        }),
        Capabilities::Wgpu { binding_bytes, wide_words, clock } => json!({
            "binding_bytes": binding_bytes,
            "wide_words": wide_words,
            "device_clock": *clock == Clock::Device,
        }),
    }
}

fn health(health: &Health) -> Value {
    let [clock_mhz, max_clock_mhz] = health.clock_mhz;
    let [memory_clock_mhz, max_memory_clock_mhz] = health.memory_clock_mhz;
    json!({
        "driver": health.driver,
        "memory_used_bytes": health.memory_used,
        "processes": health.processes,
        "celsius": health.celsius,
        "power_mw": health.power_mw,
        "power_limit_mw": health.power_limit_mw,
        "clock_mhz": clock_mhz,
        "max_clock_mhz": max_clock_mhz,
        "memory_clock_mhz": memory_clock_mhz,
        "max_memory_clock_mhz": max_memory_clock_mhz,
        "uncorrected_errors": health.uncorrected_errors,
        "divided": health.divided,
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

fn capability([major, minor]: [u32; 2]) -> String {
    format!("{major}.{minor}")
}

fn limits_line(limits: &Capabilities) -> String {
    match limits {
        Capabilities::Cuda(cuda) => format!(
            "compute capability {}, {} multiprocessors, {} KiB of shared memory a block",
            capability(cuda.compute_capability),
            cuda.multiprocessors,
            cuda.shared_bytes >> 10
        ),
        Capabilities::Wgpu { binding_bytes, wide_words, clock } => format!(
            "{} MiB of a buffer at once, {}-bit integers, time by {} clock",
            binding_bytes >> 20,
            if *wide_words { 64 } else { 32 },
            if *clock == Clock::Device { "its own" } else { "the host's" }
        ),
    }
}

/// What is known, and nothing of the rest.
fn health_line(health: &Health) -> String {
    let watts = |mw: u32| mw.div_ceil(1000);
    let of = |[now, most]: [Option<u32>; 2], what: &str| Some(format!("{what} at {} of {} MHz", now?, most?));
    let known = [
        health.driver.as_ref().map(|version| format!("driver {version}")),
        health.memory_used.map(|bytes| format!("{} MiB in use", bytes >> 20)),
        health.processes.map(|count| format!("{count} processes")),
        health.celsius.map(|degrees| format!("{degrees} °C")),
        health
            .power_mw
            .zip(health.power_limit_mw)
            .map(|(mw, most)| format!("{} of {} W", watts(mw), watts(most))),
        of(health.clock_mhz, "cores"),
        of(health.memory_clock_mhz, "memory"),
        health
            .uncorrected_errors
            .filter(|count| *count > 0)
            .map(|count| format!("{count} uncorrected errors of memory")),
        health.divided.filter(|divided| *divided).map(|_| "divided into instances".to_owned()),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use aludel_kernels::cuda;

    use super::*;

    #[test]
    fn what_is_known_is_said_and_nothing_else() {
        assert_eq!(health_line(&Health::default()), "");
        let known = Health {
            driver: Some("580.65.06".to_owned()),
            memory_used: Some(513 << 20),
            celsius: Some(34),
            power_mw: Some(75_400),
            power_limit_mw: Some(700_000),
            clock_mhz: [Some(345), Some(1980)],
            memory_clock_mhz: [Some(3201), None],
            uncorrected_errors: Some(0),
            divided: Some(true),
            processes: None,
        };
        let expected = "driver 580.65.06, 513 MiB in use, 34 °C, 76 of 700 W, cores at 345 of 1980 MHz, divided into instances";
        assert_eq!(health_line(&known), expected);
        assert_eq!(health(&known)["memory_clock_mhz"], json!(3201));
        assert_eq!(health(&known)["processes"], Value::Null);
    }

    #[test]
    fn limits_are_said() {
        let shown = Capabilities::Cuda(cuda::Capabilities {
            compute_capability: [9, 0],
            multiprocessors: 132,
            shared_bytes: 227 << 10,
        });
        let expected = "compute capability 9.0, 132 multiprocessors, 227 KiB of shared memory a block";
        assert_eq!(limits_line(&shown), expected);
        assert_eq!(limits(&shown)["compute_capability"], json!("9.0"));
        let shown = Capabilities::Wgpu { binding_bytes: 128 << 20, wide_words: true, clock: Clock::Wall };
        let expected = "128 MiB of a buffer at once, 64-bit integers, time by the host's clock";
        assert_eq!(limits_line(&shown), expected);
        assert_eq!(limits(&shown)["device_clock"], json!(false));
    }
}
