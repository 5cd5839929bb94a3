//! `tests/python/payloads.py` at work.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use bytes::Bytes;
use scaler_wm_tests::{Failure, Result, python_scripts};
use serde_json::{Value, json};
use tempfile::TempDir;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A process that is asked line by line, and ends by itself when it hangs.
pub(super) struct Script {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it complains of, and the package that it was lent.
    folder: TempDir,
}

impl Script {
    /// Starts it with this interpreter, which finds the package of the folder `lent` beside its own.
    pub(super) fn start(program: &Path, lent: Option<&Path>) -> Result<Self> {
        let operation = format!("start {}", program.display());
        let failed = |error: std::io::Error| Failure::new(&*operation, error);
        let folder = tempfile::tempdir().map_err(failed)?;
        let stderr = File::create(folder.path().join("stderr")).map_err(failed)?;
        let mut command = Command::new(program);
        command.arg("-B").arg(python_scripts().join("payloads.py")).env_remove("PYTHONHOME").env_remove("PYTHONPATH");
        if let Some((package, name)) = lent.and_then(|package| Some((package, package.file_name()?))) {
            // A folder of its own: what else is beside the package stays out of sight.
            let packages = folder.path().join("packages");
            fs::create_dir(&packages).and_then(|()| symlink(package, packages.join(name))).map_err(failed)?;
            command.env("PYTHONPATH", packages);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().map_err(failed)?;
        let (requests, answers) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        Ok(Self { child, requests, answers: BufReader::new(answers), folder })
    }

    /// Its answer to one request; `request` has what is asked in `do`, and the arguments.
    pub(super) fn ask(&mut self, request: &Value) -> Result<Value> {
        let mut answer = String::new();
        let asked = writeln!(self.requests, "{request}").and_then(|()| self.answers.read_line(&mut answer));
        if let (Ok(1..), Ok(answer)) = (asked, serde_json::from_str(&answer)) {
            return Ok(answer);
        }
        // Nothing more comes, so that it ends, and has said why.
        let ended = self.child.kill().and_then(|()| self.child.wait());
        let ended = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default();
        let request: String = request.to_string().chars().take(300).collect();
        Err(Failure::new(format!("ask for {request}"), ended).with_context(said))
    }

    /// The pickle that comes of a payload that `loader` opens, with bytes pickled by `dumper` in this protocol.
    pub(super) fn call(&mut self, payload: &[u8], (loader, form): (&str, &str), dumper: (&str, u8)) -> Result<Bytes> {
        let mut request = json!({"do": "call", "loader": loader, "form": form, "data": hex(payload)});
        request["dumper"] = dumper.0.into();
        request["protocol"] = dumper.1.into();
        Ok(unhex(&self.ask(&request)?))
    }

    /// What a pickled exception is: type, arguments, functions on its traceback.
    pub(super) fn describe(&mut self, loader: &str, exception: &[u8]) -> Result<Value> {
        self.ask(&json!({"do": "describe", "loader": loader, "data": hex(exception)}))
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    String::from_utf8(digits.collect()).expect("digits")
}

/// The bytes of a text of the script's.
pub(super) fn unhex(text: &Value) -> Bytes {
    let digit = |byte: u8| if byte < b'a' { byte - b'0' } else { byte - b'a' + 10 };
    let text = text.as_str().unwrap_or_else(|| panic!("no text: {text}")).as_bytes();
    (0..text.len() / 2).map(|at| digit(text[2 * at]) << 4 | digit(text[2 * at + 1])).collect()
}
