//! A run as a table for people, or as lines for programs.

use core::fmt::Write;

use super::run::{Row, Run};

/// A table, and what is to be known of it.
pub fn table(run: &Run) -> String {
    let mut text = head(run);
    let header = ["kernel", "shape", "median", "quartiles", "throughput", "floor", "of floor"];
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(run.rows.iter().filter(|row| row.error.is_none()).map(line));
    text.push_str(&aligned(&lines));
    for row in &run.rows {
        if let Some(error) = &row.error {
            let _ = writeln!(text, "{} {}: {error}", row.name, row.shape);
        }
    }
    if let Some(ended) = &run.ended {
        let _ = writeln!(text, "ended early: {ended}");
    }
    text
}

fn head(run: &Run) -> String {
    let mut text = String::new();
    let (device, profile) = (&run.device, &run.profile);
    let _ =
        writeln!(text, "{} {}, {} clock, {} repetitions", device.id, device.name, device.clock, run.repeat);
    if !device.programs.is_empty() {
        let _ = writeln!(text, "programs over rows: {}", device.programs);
    }
    let state = match (profile.rates.is_empty(), profile.measured) {
        (true, _) => "no rates, so no floors",
        (false, true) => "measured",
        (false, false) => "not measured: from a datasheet",
    };
    let _ = writeln!(text, "floors: {}, {state}", profile.model);
    text
}

fn line(row: &Row) -> [String; 7] {
    let times = row.times.as_ref();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let floor = row.floor_s.map(|s| {
        let by = row.floor_by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
        seconds(s) + &by
    });
    [
        row.name.clone(),
        row.shape.clone(),
        or_none(times.map(|times| seconds(times.median_s))),
        or_none(times.map(|times| seconds(times.quartiles_s))),
        or_none(row.per_second.map(|rate| scaled(rate) + &row.unit)),
        or_none(floor),
        or_none(row.fraction.map(|fraction| format!("{:.1}%", 100.0 * fraction))),
    ]
}

/// Columns as wide as their widest cell, two spaces apart.
pub(super) fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// Four digits and a unit.
pub(super) fn seconds(s: f64) -> String {
    let (factor, unit) = match s {
        s if s >= 1.0 => (1.0, "s"),
        s if s >= 1e-3 => (1e3, "ms"),
        s if s >= 1e-6 => (1e6, "us"),
        _ => (1e9, "ns"),
    };
    format!("{:.3} {unit}", s * factor)
}

/// Three digits after the point and a prefix.
fn scaled(rate: f64) -> String {
    let (factor, prefix) = match rate {
        r if r >= 1e12 => (1e-12, "T"),
        r if r >= 1e9 => (1e-9, "G"),
        r if r >= 1e6 => (1e-6, "M"),
        r if r >= 1e3 => (1e-3, "k"),
        _ => (1.0, ""),
    };
    format!("{:.3} {prefix}", rate * factor)
}

/// A line of names, then a line a row: RFC 4180.
pub fn csv(run: &Run) -> String {
    let mut text = "name,shape,median_s,min_s,max_s,quartiles_s,per_second,unit,bytes,operations,floor_s,floor_by,fraction,error\r\n".to_owned();
    for row in &run.rows {
        let time = |of: fn(&super::statistics::Times) -> f64| row.times.as_ref().map(of);
        let number = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
        let cells = [
            quoted(&row.name),
            quoted(&row.shape),
            number(time(|t| t.median_s)),
            number(time(|t| t.min_s)),
            number(time(|t| t.max_s)),
            number(time(|t| t.quartiles_s)),
            number(row.per_second),
            quoted(&row.unit),
            row.bytes.to_string(),
            row.operations.to_string(),
            number(row.floor_s),
            quoted(row.floor_by.as_deref().unwrap_or_default()),
            number(row.fraction),
            quoted(row.error.as_deref().unwrap_or_default()),
        ];
        text.push_str(&(cells.join(",") + "\r\n"));
    }
    text
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_scaled_and_cells_quoted() {
        assert_eq!(seconds(0.0123), "12.300 ms");
        assert_eq!(seconds(2.5e-7), "250.000 ns");
        assert_eq!(scaled(3.0e9), "3.000 G");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        let lines = [["a".to_owned(), "b".to_owned()], ["long".to_owned(), String::new()]];
        assert_eq!(aligned(&lines), "a     b\nlong\n");
    }
}
