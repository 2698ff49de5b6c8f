//! JSON for people: the same object as indented `name: value` lines.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;

/// Items of a list that the text shows; `--json` shows all.
const SHOWN: usize = 4;

/// Prints a value on standard output, as one JSON object or as text.
pub fn print(value: &impl Serialize, json: bool) -> Result<(), Failure> {
    let text = match json {
        true => pretty(value)?,
        false => text(&serde_json::to_value(value).or_fail(Kind::Bug, "JSON")?),
    };
    Place::Stream.write(text.as_bytes())
}

/// As JSON with a line break at the end.
pub fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(value).or_fail(Kind::Bug, "JSON")?;
    text.push('\n');
    Ok(text)
}

/// As lines, nested ones indented.
pub fn text(value: &Value) -> String {
    let mut out = String::new();
    lines(&mut out, value, 0);
    out
}

fn lines(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            let width = fields.keys().map(String::len).max().unwrap_or(0);
            for (name, value) in fields {
                field(out, &format!("{name:width$}"), name, value, depth);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().take(SHOWN).enumerate() {
                let name = i.to_string();
                field(out, &name, &name, item, depth);
            }
            if items.len() > SHOWN {
                line(out, depth, format_args!("and {} more; --json shows all", items.len() - SHOWN));
            }
        }
        leaf => line(out, depth, format_args!("{}", word(leaf))),
    }
}

fn field(out: &mut String, padded: &str, name: &str, value: &Value, depth: usize) {
    match value {
        Value::Object(_) => line(out, depth, format_args!("{name}:")),
        Value::Array(items) => line(out, depth, format_args!("{name}: {} items", items.len())),
        leaf => return line(out, depth, format_args!("{padded}  {}", word(leaf))),
    }
    lines(out, value, depth + 1);
}

fn line(out: &mut String, depth: usize, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{:1$}{text}", "", 2 * depth).unwrap_or_else(|_| unreachable!("a string takes everything"));
}

fn word(leaf: &Value) -> String {
    match leaf {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_says_what_the_object_says() {
        let value = json!({ "kind": "batch", "prev": { "number": 3 }, "entries": [1, 2, 3, 4, 5, 6] });
        let expected = "kind     batch\nprev:\n  number  3\n\
                        entries: 6 items\n  0  1\n  1  2\n  2  3\n  3  4\n  and 2 more; --json shows all\n";
        assert_eq!(text(&value), expected);
    }
}
