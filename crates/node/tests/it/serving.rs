//! A real server, and commands that follow what it does.

use std::io::{BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStderr, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{SIGN, World};

/// A service on ports that the system picks, over the folder `data`; killed when it goes.
pub struct Serving {
    child: Child,
    pub address: String,
    /// Of /metrics, if it has one.
    pub http: String,
    said: Arc<Mutex<String>>,
}

impl Serving {
    pub fn start(world: &World) -> Self {
        Self::start_with(world, ALONE)
    }

    pub fn start_with(world: &World, flags: &str) -> Self {
        Self::of(world.command(&format!("{LINE} {flags}")))
    }

    pub fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let (mut all, mut http) = (String::new(), String::new());
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it says where it is: {all}"));
            all += &format!("{line}\n");
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            let address = said["address"].as_str().unwrap_or_default().to_owned();
            match said["message"].as_str() {
                Some("ready for gRPC") => break address,
                Some(message) if message.starts_with("ready for /metrics") => http = address,
                _ => {}
            }
        };
        let said = Arc::new(Mutex::new(all));
        let hears = Arc::clone(&said);
        thread::spawn(move || {
            lines.for_each(|line| *hears.lock().expect("whole") += &format!("{line}\n"));
        });
        Self { child, address, http, said }
    }

    /// A command line that speaks to it.
    pub fn at(&self, line: &str) -> String {
        format!("{line} --endpoint {}", self.endpoint())
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has logged.
    pub fn said(&self) -> String {
        self.said.lock().expect("whole").clone()
    }

    /// Waits until it has logged something.
    pub fn until(&self, text: &str) {
        until(text, || self.said().contains(text));
    }

    /// The server's process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processes that prove for it.
    pub fn workers(&self) -> Vec<u32> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it lives");
        let children = |thread: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(thread.ok()?.path().join("children")).ok()
        };
        let children: Vec<String> = threads.filter_map(children).collect();
        children.iter().flat_map(|of| of.split_whitespace()).map(|id| id.parse().expect("a number")).collect()
    }

    pub fn signal(&self, signal: &str) {
        send(signal, self.child.id());
    }

    /// As the system ends what takes too much memory: nothing is drained.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("it lives");
        self.child.wait().expect("it ends");
        self.address.clone()
    }

    /// As an operator ends it.
    pub fn end(self) -> Option<i32> {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits until it ends, which it was told to, at most a minute and a half.
    pub fn ended(mut self) -> Option<i32> {
        let mut status = None;
        until("the end", || {
            status = self.child.try_wait().expect("it is ours");
            status.is_some()
        });
        status.and_then(|status: ExitStatus| status.code())
    }
}

const LINE: &str = "serve --data-dir data --log-format json";
const ALONE: &str = "--listen 127.0.0.1:0 --http-listen=";

/// A server under a limit of the shell's `ulimit`.
pub fn limited(world: &World, limit: &str) -> Command {
    let mut command = world.program("sh");
    command.args(["-c", &format!("ulimit {limit}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_aludel")]);
    command.args(format!("{LINE} {ALONE}").split_whitespace());
    command
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that is told in the log.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(90), "{what} does not come");
        thread::sleep(Duration::from_millis(10));
    }
}

pub fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").args([signal, &process.to_string()]).status();
    assert!(sent.expect("kills").success());
}

/// A command that runs while other things happen; killed when it goes.
pub struct Follower {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    said: String,
}

impl Follower {
    pub fn start(world: &World, line: &str) -> Self {
        let mut child = world.command(line).spawn().expect("it starts");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        Self { child, lines, said: String::new() }
    }

    /// Reads up to a line that is as it should be; everything until then.
    pub fn until(&mut self, is_it: impl Fn(&str) -> bool) -> &str {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("it does not come: {}", self.said));
            let line = line.expect("text");
            self.said += &format!("{line}\n");
            if is_it(&line) {
                return &self.said;
            }
        }
    }

    /// The first line of its standard output.
    pub fn answer(&mut self) -> String {
        let mut answer = String::new();
        let output = BufReader::new(self.child.stdout.as_mut().expect("piped"));
        output.take(4096).read_line(&mut answer).expect("text");
        answer.trim().to_owned()
    }

    /// Waits until it has ended well; all that it said.
    pub fn ok(mut self) -> String {
        for line in self.lines.by_ref() {
            self.said += &format!("{}\n", line.expect("text"));
        }
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}: {}", self.said);
        std::mem::take(&mut self.said)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with two sealed batches.
pub fn two_batches(test: &str) -> World {
    let world = World::new(test);
    world.funded();
    world.ok("execute --state state --chain-id 7 --queue queue.json");
    world.write("payment.json", r#"{"from":1,"token":0,"fee":1,"sequence":0,"expiry":99,"action":{"transfer":{"to":2,"amount":"5"}}}"#);
    world.ok(&format!("{SIGN} key1 payment.json -o payment.bin"));
    world.ok("execute --state state --chain-id 7 --queue queue.json payment.bin");
    world
}

/// They, as arguments.
pub const BATCHES: &str = "state/batches/2.bin state/batches/1.bin";
