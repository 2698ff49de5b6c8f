//! `docs/records.md` says what the code does: its tables are checked field by field, its examples digit by digit.

mod examples;
mod tables;

const PAGE: &str = include_str!("../../../../../docs/records.md");

/// The lines of the table or code block that follows `<!-- name -->`.
fn block(name: &str) -> Vec<&'static str> {
    let mark = format!("<!-- {name} -->\n");
    let (_, after) = PAGE.split_once(&mark).unwrap_or_else(|| panic!("docs/records.md has no {mark}"));
    assert!(!after.contains(&mark), "docs/records.md has {mark} twice");
    after.lines().take_while(|line| !line.is_empty()).collect()
}

/// The rows of a table, cell by cell, without its head.
fn rows(name: &str) -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    let rows: Vec<_> = block(name).into_iter().skip(2).map(cells).collect();
    assert!(!rows.is_empty(), "the table {name} is empty");
    rows
}
