//! The stand-in that is built with AddressSanitizer and UndefinedBehaviorSanitizer.
//!
//! The first wants its own library before all others in a process, so what is to run under it runs in a process of its own, whose stand-in
//! is the other one.

use std::ffi::OsStr;
use std::process::Command;

/// Says to a process which stand-in it opens.
const SANITIZED: &str = "ALUDEL_STAND_IN_SANITIZED";

/// Why there are no sanitizers.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the stand-in with sanitizers is missing ({0}): build on Linux with g++ and its libasan and libubsan installed"
)]
pub struct NoSanitizers(String);

/// A command that runs a program whose [`StandIn`](crate::StandIn) is the one with sanitizers. What they find ends it, with a report
/// to its standard error.
///
/// # Errors
/// [`NoSanitizers`] where it could not be built.
pub fn sanitized(program: impl AsRef<OsStr>) -> Result<Command, NoSanitizers> {
    let why = option_env!("ALUDEL_SANITIZED_MISSING").unwrap_or("it was not built");
    let runtime = option_env!("ALUDEL_SANITIZER_RUNTIME").ok_or_else(|| NoSanitizers(why.to_owned()))?;
    let mut command = Command::new(program);
    command.env(SANITIZED, "1").env("LD_PRELOAD", runtime);
    command.env("ASAN_OPTIONS", "detect_leaks=1");
    command.env("UBSAN_OPTIONS", "print_stacktrace=1");
    Ok(command)
}

/// Where this process's stand-in is, or why there is none.
pub(crate) fn library() -> Result<&'static str, &'static str> {
    let sanitized = std::env::var_os(SANITIZED).is_some_and(|sanitized| sanitized == "1");
    let (path, why) = if sanitized {
        (option_env!("ALUDEL_SANITIZED"), option_env!("ALUDEL_SANITIZED_MISSING"))
    } else {
        (option_env!("ALUDEL_STAND_IN"), option_env!("ALUDEL_STAND_IN_MISSING"))
    };
    path.ok_or(why.unwrap_or("it was not built"))
}
