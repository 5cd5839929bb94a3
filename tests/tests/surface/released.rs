//! The released package's own reading of command lines and files.

use std::collections::BTreeMap;

use scaler_wm_tests::{Failure, LATEST, Result, json_lines, released_script};
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

fn ask(requests: &[Value]) -> Result<Vec<Value>> {
    json_lines(&mut released_script(LATEST, "released_config.py")?, requests)
}
