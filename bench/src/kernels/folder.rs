//! Folders of raw output: whole, or not there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::run::{NoRun, Run};
use super::table::table;

/// Why a folder was not written, or a run not read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something is there.
    #[error("{0}: it exists and is not empty: raw output is not overwritten; take another folder")]
    Taken(PathBuf),
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// No run.
    #[error("{path}: {error}")]
    NoRun {
        /// Where.
        path: PathBuf,
        /// Why.
        error: NoRun,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |error| FolderError::Io { path: path.to_owned(), error }
}

/// That a folder can be made: called before hours of measuring.
///
/// # Errors
/// [`FolderError::Taken`] where it exists and is not empty, or is a file.
pub fn check_free(folder: &Path) -> Result<(), FolderError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(FolderError::Taken(folder.to_owned()))
        }
        Err(error) => Err(at(folder)(error)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(FolderError::Taken(folder.to_owned())),
        },
    }
}

/// Makes a folder of runs: a file for each, by its kind, and a `README.md`. It is made beside its place and moved there.
///
/// # Errors
/// [`FolderError`]; nothing is left then.
pub fn write(folder: &Path, runs: &[&Run]) -> Result<(), FolderError> {
    check_free(folder)?;
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    let part = folder.with_file_name(name);
    let written = fill(&part, runs).and_then(|()| fs::rename(&part, folder).map_err(at(folder)));
    if written.is_err() {
        let _ = fs::remove_dir_all(&part);
    }
    written
}

fn fill(part: &Path, runs: &[&Run]) -> Result<(), FolderError> {
    fs::create_dir_all(part).map_err(at(part))?;
    for run in runs {
        let file = part.join(format!("{}.json", run.kind));
        fs::write(&file, run.to_json()).map_err(at(&file))?;
    }
    let readme = part.join("README.md");
    fs::write(&readme, self::readme(runs)).map_err(at(&readme))
}

fn readme(runs: &[&Run]) -> String {
    let mut text = String::new();
    if let Some(run) = runs.first() {
        let (device, host) = (&run.device, &run.host);
        let title =
            format!("# {}, {} {}\n\n", run.date.get(..10).unwrap_or_default(), device.id, device.name);
        let load = host.load.map_or_else(String::new, |load| format!(", load {load} when it began"));
        let machine = format!(
            "Aludel {}, {}, {} threads, {}{load}.\n",
            run.versions.aludel, host.processor, host.threads, host.system
        );
        text.push_str(&(title + &machine));
    }
    for run in runs {
        let command = run.command_line.join(" ");
        text.push_str(&format!("\n`{}.json`: `{command}`\n\n```\n{}```\n", run.kind, table(run)));
    }
    text
}

/// A run from its file, or from a folder with one of this kind.
///
/// # Errors
/// [`FolderError`] where it cannot be read or is none.
pub fn read(path: &Path, kind: &str) -> Result<Run, FolderError> {
    let file = if path.is_dir() { path.join(format!("{kind}.json")) } else { path.to_owned() };
    let text = fs::read_to_string(&file).map_err(at(&file))?;
    Run::from_json(&text).map_err(|error| FolderError::NoRun { path: file, error })
}
