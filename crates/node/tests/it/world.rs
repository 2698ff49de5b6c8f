//! A folder of its own for each test, and the binary run in it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use aludel_ledger::keys::{Keystore, NewKeys, Passphrase, Signer, Work};
use aludel_ledger::xmss::{Derivation, Window};
use aludel_protocol::{ChainId, Epoch};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// The chain that tests live on.
pub const CHAIN: &str = "7";

/// Signs with the keystore that is named next.
pub const SIGN: &str = "sign --passphrase-file passphrase --keystore";

pub struct World(PathBuf);

/// What a run of the binary left.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub bytes: Vec<u8>,
    pub err: String,
}

impl World {
    pub fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).expect("JSON")
    }

    /// Names in a folder, sorted, hidden ones too.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        names
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_aludel"));
        command.args(line.split_whitespace());
        command
    }

    /// Any program, in this folder.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0);
        command.env_remove("ALUDEL_CHAIN_ID").env_remove("ALUDEL_THREADS");
        // Settings of whoever runs the tests are none of theirs.
        command.env("XDG_CONFIG_HOME", &self.0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, line: &str) -> Ran {
        ran(self.command(line).output().expect("the binary runs"))
    }

    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().expect("the binary runs");
        child.stdin.take().expect("piped").write_all(input).expect("it reads");
        ran(child.wait_with_output().expect("it ends"))
    }

    pub fn ok(&self, line: &str) -> Ran {
        self.expect(line, 0)
    }

    /// Runs a line that must end with a code; a failing one must say why in one line and print nothing else.
    pub fn expect(&self, line: &str, code: i32) -> Ran {
        let ran = self.run(line);
        assert_eq!(ran.code, code, "{line}\n{}{}", ran.out, ran.err);
        assert!(!ran.err.contains("panicked") && !ran.err.contains("a bug in Aludel"), "{line}\n{}", ran.err);
        if code != 0 {
            assert!(ran.err.contains("error: "), "{line} says nothing: {}", ran.err);
        }
        ran
    }

    /// A keystore `keyN` with the one key of account 1, 2, .. of [`CHAIN`], under the passphrase in `passphrase`;
    /// returns the key's digest. Made through the library, since `keygen` makes a guess of the passphrase cost a
    /// second.
    pub fn key(&self, account: u8) -> String {
        self.keystore(&format!("key{account}"), CHAIN.parse().expect("a number"), [account; 32])
    }

    /// A keystore with one key of four epochs.
    pub fn keystore(&self, name: &str, chain_id: u64, seed: [u8; 32]) -> String {
        let from = Derivation { seed, chain_id: ChainId(chain_id), counter: 0 };
        let signers = [Signer::new(from, Window::new(Epoch(0), 2).expect("aligned"))];
        let new = NewKeys {
            seed: Zeroizing::new(seed),
            counter: 0,
            work: Work::LEAST,
            signers: signers.iter().collect(),
        };
        self.passphrase();
        let passphrase = Passphrase::from_file(&self.path("passphrase")).expect("a passphrase");
        Keystore::create(&self.path(name), &passphrase, new).expect("a keystore");
        signers[0].public_key().digest().to_string()
    }

    /// A file `passphrase`.
    pub fn passphrase(&self) {
        self.write("passphrase", "correct horse\n");
        self.set_mode("passphrase", 0o600);
    }

    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("ours");
    }

    pub fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).expect("there").permissions().mode() & 0o777
    }

    /// Keys 1 to 3 and a queue that funds them, as `queue.json`.
    pub fn funded(&self) {
        let deposit = |account: u8| json!({ "kind": 2, "token": 0, "amount": "1000000", "l1": l1(account), "key": self.key(account) });
        let mut items: Vec<_> = (1..=3).map(deposit).collect();
        items.push(json!({ "kind": 1, "token": 5, "amount": "300", "account": 2, "l1": l1(2) }));
        self.write("queue.json", json!({ "items": items }).to_string());
    }

    /// Signs a transfer of 10 with fee 1 from one account to another into `name`.
    pub fn sign(&self, (from, to): (u8, u8), sequence: u32, name: &str) {
        self.write("order.json", order(from, to, sequence).to_string());
        self.ok(&format!("{SIGN} key{from} order.json -o {name}"));
    }
}

/// Who owns an account on L1.
pub fn l1(account: u8) -> String {
    format!("0x{}", hex::encode([account; 20]))
}

pub fn order(from: u8, to: u8, sequence: u32) -> Value {
    deed(from, sequence, json!({ "transfer": { "to": to, "amount": "10" } }))
}

/// A transaction of any action, with fee 1.
pub fn deed(from: u8, sequence: u32, action: Value) -> Value {
    json!({ "from": from, "token": 0, "fee": 1, "sequence": sequence, "expiry": 100, "action": action })
}

fn ran(output: Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran {
        code: output.status.code().expect("no signal"),
        out: text(&output.stdout),
        bytes: output.stdout.clone(),
        err: text(&output.stderr),
    }
}
