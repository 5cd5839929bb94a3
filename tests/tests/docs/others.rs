//! Blocks that are neither commands nor TOML.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use scaler_wm_tests::{Failure, Result, Venv, python_scripts};
use serde_json::Value;

use crate::blocks::Block;
use crate::reader::Reader;

/// Documents whose blocks of Rust are tests of a crate's documentation, and where this takes them in.
const DOC_TESTS: [(&str, &str); 1] = [("docs/embedding.md", "crates/scaler-wm-native/src/lib.rs")];

/// Documents whose blocks of Rust are files of this test, in order.
const FILES: [(&str, [&str; 2]); 1] = [("docs/writing-a-provider.md", ["provider.rs", "suite.rs"])];

/// JSON. Of a policy of IAM every action must be one that AWS knows.
pub(crate) fn json(block: &Block) -> Result<()> {
    let value: Value = serde_json::from_str(&block.text).map_err(|error| block.failed(error))?;
    let mut actions = BTreeSet::new();
    for statement in value["Statement"].as_array().into_iter().flatten() {
        // One, or a list.
        let one = statement["Action"].as_str().into_iter();
        let all = one.chain(statement["Action"].as_array().into_iter().flatten().filter_map(Value::as_str));
        actions.extend(all.map(str::to_owned));
    }
    if actions.is_empty() {
        return Err(block.failed("it is no policy of IAM, and the tests know no other kind of JSON"));
    }
    let actions: Vec<String> = actions.into_iter().collect();
    let unknown = python(&[&python_scripts().join("iam_actions.py").to_string_lossy()], &actions.join("\n"))?;
    if unknown.is_empty() { Ok(()) } else { Err(block.failed(format!("AWS knows no {unknown}"))) }
}

/// Rules for Prometheus: they must be YAML, and of metrics that managers have.
pub(crate) fn yaml(block: &Block, repository: &Path) -> Result<()> {
    let code = "import sys, yaml\nfor group in yaml.safe_load(sys.stdin)['groups']:\n    for rule in group['rules']:\n        \
                assert set(rule) <= {'alert', 'expr', 'for'}, rule\n        print(rule['expr'])";
    let rules = python(&["-c", code], &block.text)?;
    let file = repository.join("crates/scaler-wm-control/src/metrics/families.rs");
    let families = fs::read_to_string(file).map_err(|error| Failure::new("read what metrics there are", error))?;
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut names = rules.split(|letter| !is_name(letter)).filter(|word| word.starts_with("scaler_wm_"));
    match names.find(|name| !families.contains(&format!("\"{name}\""))) {
        Some(unknown) => Err(block.failed(format!("no manager has the metric {unknown}"))),
        None => Ok(()),
    }
}

/// A program in Python: it must be one, and is there for later commands.
pub(crate) fn program(reader: &mut Reader, block: &Block) -> Result<()> {
    let name = block.named(".py").ok_or_else(|| block.failed("the text before it does not name its file"))?;
    let path = reader.write(name, &block.text)?;
    let code = "import sys\ncompile(sys.stdin.read(), sys.argv[1], 'exec')";
    python(&["-c", code, &path.to_string_lossy()], &block.text).map(drop).map_err(|failure| block.failed(failure))
}

/// A script of another machine. It runs with stand-ins for what is there, and what it would start is shown instead.
pub(crate) fn script(reader: &mut Reader, block: &Block) -> Result<()> {
    let text = block.text.replace("scaler_worker_manager ", "scaler-wm config show ");
    reader.write("script.sh", &text)?;
    let text = "sh -eu script.sh".to_owned();
    let step = crate::steps::Step { line: block.line, text, shown: Vec::new() };
    reader.types(&block.file, &step).map(drop)
}

/// Rust: it is compiled elsewhere, which is what is looked at here.
pub(crate) fn rust(block: &Block, nth: usize, repository: &Path) -> Result<()> {
    let read = |file: &str| {
        fs::read_to_string(repository.join(file)).map_err(|error| Failure::new(format!("read {file}"), error))
    };
    if block.kind.contains("ignore") {
        return Err(block.failed("nobody compiles it"));
    }
    if let Some((_, files)) = FILES.iter().find(|(document, _)| *document == block.file) {
        let file = files.get(nth).ok_or_else(|| block.failed("no file of this test is the same"))?;
        let there = read(&format!("tests/tests/docs/{file}"))?;
        return match block.text.lines().zip(there.lines()).position(|(shown, there)| shown != there) {
            Some(at) => {
                Err(block.failed(format!("its line {} is another one than in tests/tests/docs/{file}", at + 1)))
            }
            None if block.text.lines().count() == there.lines().count() => Ok(()),
            None => Err(block.failed(format!("it is longer or shorter than tests/tests/docs/{file}"))),
        };
    }
    let own = || Some((format!("{}/src/lib.rs", block.file.strip_suffix("/README.md")?), "../README.md".to_owned()));
    let taken_in = DOC_TESTS.iter().find(|(document, _)| *document == block.file);
    let taken_in =
        taken_in.map(|(document, library)| ((*library).to_owned(), format!("../../../{document}"))).or_else(own);
    let (library, path) = taken_in.ok_or_else(|| block.failed("nobody compiles it: see others.rs"))?;
    if read(&library)?.contains(&format!("[doc = include_str!(\"{path}\")]")) {
        return Ok(());
    }
    Err(block.failed(format!("nobody compiles it: {library} does not include {path}")))
}

/// What Python says, in an environment with the libraries of AWS and YAML.
fn python(arguments: &[&str], input: &str) -> Result<String> {
    let failed = |error: std::io::Error| Failure::new("run Python", error);
    let venv = Venv::with_moto(&|line| eprintln!("{line}"))?;
    let mut command = Command::new(venv.python());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes())).map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    let [said, complaints] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if output.status.success() {
        return Ok(said.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    Err(Failure::new("run Python", output.status).with_context(complaints))
}
