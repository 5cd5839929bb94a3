//! The released package's own reading of command lines and files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::process::{Command, Stdio};

use scaler_wm_tests::{Failure, LATEST, Result, Venv, python_scripts};
use serde_json::{Value, json};

use crate::cases::Case;

/// What came of a case.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It would run with these values.
    Values(Value),
    /// It would not run, and why.
    Refused(String),
}

/// One option as the package declares it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// Its key in a file.
    pub(crate) key: String,
    /// The table inside the section that may hold it.
    pub(crate) group: Option<String>,
    /// Its flags, with their hyphens; none for a word of its own.
    pub(crate) flags: Vec<String>,
}

/// The options of every type of manager and of every other section, by name.
pub(crate) type Surface = BTreeMap<String, Vec<Described>>;

/// What the package says of each case, in their order.
pub(crate) fn outcomes(cases: &[Case]) -> Result<Vec<Outcome>> {
    let lines: Vec<Value> = cases.iter().enumerate().map(|(id, case)| request(id, case)).collect();
    let answers = ask(&lines)?;
    if answers.len() != cases.len() {
        return Err(Failure::new("hear of every case", format!("{} of {} came back", answers.len(), cases.len())));
    }
    answers
        .into_iter()
        .map(|mut answer| match (answer["values"].take(), answer["refused"].as_str()) {
            (Value::Null, Some(why)) => Ok(Outcome::Refused(why.to_owned())),
            (values @ Value::Object(_), None) => Ok(Outcome::Values(values)),
            _ => Err(Failure::new("read what the package says", answer)),
        })
        .collect()
}

/// What the package declares.
pub(crate) fn surface() -> Result<Surface> {
    let answers = ask(&[json!({"id": 0, "describe": true})])?;
    let sections = answers.first().and_then(|answer| answer["values"].as_object());
    let sections = sections.ok_or_else(|| Failure::new("read what the package declares", "it is no object"))?;
    let texts = |value: &Value| value.as_array().into_iter().flatten().filter_map(text).collect();
    let option = |option: &Value| Described {
        key: text(&option["key"]).unwrap_or_default(),
        group: text(&option["group"]),
        flags: texts(&option["flags"]),
    };
    let options = |value: &Value| value.as_array().into_iter().flatten().map(option).collect();
    Ok(sections.iter().map(|(name, value)| (name.clone(), options(value))).collect())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn request(id: usize, case: &Case) -> Value {
    match &case.kind {
        Some(kind) => {
            let environment: BTreeMap<_, _> = case.environment.iter().cloned().collect();
            json!({"id": id, "type": kind, "argv": case.arguments, "toml": case.toml, "env": environment})
        }
        None => json!({"id": id, "file": case.toml}),
    }
}

/// One process answers all: starting Python takes longer than all cases together.
fn ask(requests: &[Value]) -> Result<Vec<Value>> {
    let venv = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?;
    let failed = |error: std::io::Error| Failure::new("ask the released package", error);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    for request in requests {
        writeln!(file, "{request}").map_err(failed)?;
    }
    let mut command = Command::new(venv.python());
    command.arg("-B").arg(python_scripts().join("released_config.py"));
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    command.stdin(Stdio::from(File::open(file.path()).map_err(failed)?));
    let output = command.output().map_err(failed)?;
    if !output.status.success() {
        return Err(Failure::new("ask the released package", output.status)
            .with_context(String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).map_err(|error| Failure::new("read what the package says", error)))
        .collect()
}
