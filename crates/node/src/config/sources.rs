//! Where values come from.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::{SETTINGS, Setting, Value};
use crate::exit::{Failure, Kind, OrFail};

/// The name of a file of settings.
const FILE: &str = "aludel.toml";

/// Who says what a setting is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This program.
    BuiltIn,
    /// A file.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment, {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// What files and environment say; later files win.
#[derive(Debug, Default)]
pub struct Layers {
    pub(super) files: Vec<(PathBuf, BTreeMap<String, String>)>,
    pub(super) variables: BTreeMap<String, String>,
}

impl Layers {
    /// Of this process: the files that are there, the one that is named, and the environment.
    pub fn of_process(named: Option<PathBuf>) -> Result<Self, Failure> {
        let mut layers = Self::default();
        for path in [Some(PathBuf::from("/etc/aludel").join(FILE)), user_file(), Some(FILE.into())] {
            if let Some(path) = path.filter(|path| path.is_file()) {
                layers.add(path)?;
            }
        }
        if let Some(path) = named {
            layers.add(path)?;
        }
        let text =
            |(name, text): (OsString, OsString)| Some((name.into_string().ok()?, text.into_string().ok()?));
        let variables = env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("ALUDEL_"));
        layers.variables = variables.collect();
        Ok(layers)
    }

    fn add(&mut self, path: PathBuf) -> Result<(), Failure> {
        let text = fs::read_to_string(&path).or_fail(Kind::Usage, path.display())?;
        let values = parse(&path, &text)?;
        self.files.push((path, values));
        Ok(())
    }

    /// What they say of a setting.
    pub fn value(&self, setting: &Setting) -> Value {
        let variable = setting.variable();
        if let Some(text) = self.variables.get(&variable) {
            return Value { text: text.clone(), origin: Origin::Variable(variable) };
        }
        let said = self.files.iter().rev().find_map(|(path, values)| Some((path, values.get(setting.key)?)));
        match said {
            Some((path, text)) => Value { text: text.clone(), origin: Origin::File(path.clone()) },
            None => Value { text: setting.default(), origin: Origin::BuiltIn },
        }
    }
}

/// The values of a file; one line a setting.
pub(super) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let table: toml::Table = text.parse().or_fail(Kind::Undecodable, path.display())?;
    let value = |(key, value): (String, toml::Value)| {
        if !SETTINGS.iter().any(|setting| setting.key == key) {
            let what =
                format!("{}: there is no setting {key}; see `aludel config --explain`", path.display());
            return Err(Failure::new(Kind::Undecodable, what));
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => {
                let what = format!("{}: {key} must be a text or a whole number", path.display());
                return Err(Failure::new(Kind::Undecodable, what));
            }
        };
        Ok((key, text))
    };
    table.into_iter().map(value).collect()
}

/// A folder of the user's by the XDG base directory specification: a variable, or a folder under the home.
fn user_folder(variable: &str, under_home: &str) -> Option<PathBuf> {
    let set = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(under_home))).map(|path| path.join("aludel"))
}

fn user_file() -> Option<PathBuf> {
    Some(user_folder("XDG_CONFIG_HOME", ".config")?.join(FILE))
}

/// Where data lies where nobody says anything.
pub(super) fn data_dir() -> String {
    user_folder("XDG_DATA_HOME", ".local/share").unwrap_or_else(|| "aludel".into()).display().to_string()
}
