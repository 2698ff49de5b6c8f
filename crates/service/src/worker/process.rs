//! The coordinator's side: a program that is started, spoken to, and killed.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::wire::{self, FromWorker, ToWorker};
use super::{Ear, Hand, Launch};

/// Workers that are processes of a program.
#[derive(Clone, Debug)]
pub struct WorkerProgram {
    /// What people call the device.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Bytes that a task may take.
    pub memory_bytes: u64,
}

struct Process {
    child: Mutex<Child>,
    pipe: Sender<ToWorker>,
}

impl Process {
    /// How it ended; waits so long before it looks.
    fn status(&self, before: Duration) -> Option<ExitStatus> {
        thread::sleep(before);
        self.child.lock().unwrap_or_else(PoisonError::into_inner).try_wait().ok().flatten()
    }
}

impl Hand for Process {
    fn send(&self, message: ToWorker) {
        // Who writes it ends when the process does, and then nothing is to be said.
        let _ = self.pipe.send(message);
    }

    fn kill(&self) {
        let _ = self.child.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Launch for WorkerProgram {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    fn launch(&self, ear: Arc<dyn Ear>) -> io::Result<Arc<dyn Hand>> {
        let mut command = Command::new(&self.program);
        // In a group of its own: Ctrl-C on a terminal is for the server, which lets what is at work finish.
        command.args(&self.arguments).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let none = || io::Error::other("the worker has no pipe");
        let mut input = child.stdin.take().ok_or_else(none)?;
        let mut output = child.stdout.take().ok_or_else(none)?;
        let (pipe, messages) = mpsc::channel::<ToWorker>();
        let process = Arc::new(Process { child: Mutex::new(child), pipe });
        // Its end is the end of its input: the worker sees that and ends.
        thread::Builder::new().name("worker input".into()).spawn(move || {
            for message in messages {
                if wire::send(&mut input, &message).is_err() {
                    break;
                }
            }
        })?;
        let reaped = Arc::clone(&process);
        thread::Builder::new().name("worker output".into()).spawn(move || {
            let why = loop {
                match wire::receive(&mut output) {
                    Ok(Some(word)) => hear(ear.as_ref(), word),
                    Ok(None) => break "it ended".to_owned(),
                    Err(e) => break format!("it cannot be understood: {e}"),
                }
            };
            // It may have closed its output and live on.
            reaped.kill();
            // Somebody else may want to kill it meanwhile, and a driver may hold it for long.
            let status = (0..100).find_map(|_| reaped.status(Duration::from_millis(10)));
            ear.gone(status.map_or(why.clone(), |status| format!("{why}, {status}")));
            while status.is_none() && reaped.status(Duration::from_secs(1)).is_none() {}
        })?;
        Ok(process)
    }
}

fn hear(ear: &dyn Ear, word: FromWorker) {
    match word {
        FromWorker::Hello { version, keys } => ear.hello(version, keys),
        FromWorker::Heartbeat => ear.heartbeat(),
        FromWorker::Progress(order) => ear.progress(order),
        FromWorker::Done { number, result } => ear.done(number, result),
        FromWorker::Failed { number, why } => ear.failed(number, why),
    }
}
