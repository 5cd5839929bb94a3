//! What a bench found, kept in a file of its own: a run that is interrupted loses nothing that was measured before. What is
//! published stands in `docs/figures.json`, so that a run on a fresh clone can measure one bench and keep the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use scaler_wm_tests::{Failure, Result};
use serde_json::{Value, json};

use super::{
    machine::{self, CHANGED, UNKNOWN},
    report::Row,
    sheet::Sheet,
};
use crate::shell;

/// The figures of one bench, and when they were taken.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) bench: String,
    /// When it was over, in UTC.
    pub(super) at: String,
    /// What was measured.
    pub(super) commit: String,
    /// What it was measured on.
    pub(super) machine: String,
    pub(super) seconds: f64,
    pub(super) rows: Vec<Row>,
    pub(super) notes: Vec<String>,
}

impl Record {
    pub(super) fn new(bench: &str, took: Duration, sheet: &Sheet) -> Result<Self> {
        Ok(Self {
            bench: bench.to_owned(),
            at: machine::date()?,
            commit: machine::commit(),
            machine: machine::machine(),
            seconds: took.as_secs_f64(),
            rows: sheet.rows.clone(),
            notes: sheet.notes.clone(),
        })
    }

    /// Writes it to its file, and tells which one that is.
    pub(super) fn write(&self) -> Result<PathBuf> {
        let path = file(&self.bench);
        write(&path, &self.json())?;
        Ok(path)
    }

    /// Whether it is surely of this commit: of what was changed beside one, nobody knows what it was.
    pub(super) fn is_of(&self, commit: &str) -> bool {
        self.commit == commit && !commit.ends_with(CHANGED) && commit != UNKNOWN
    }

    /// What was found last, here or else by whom it was published.
    pub(super) fn read(bench: &str) -> Option<Self> {
        let here = read(&file(bench)).and_then(|value| Self::of(&value));
        here.or_else(|| Self::all_of(&read(&published())?)?.into_iter().find(|record| record.bench == bench))
    }

    /// Those of a file that has many.
    pub(super) fn all_of(value: &Value) -> Option<Vec<Self>> {
        value["benches"].as_array()?.iter().map(Self::of).collect()
    }

    pub(super) fn json(&self) -> Value {
        let Self { bench, at, commit, machine, seconds, rows, notes } = self;
        let rows: Vec<Value> = rows.iter().map(Row::json).collect();
        json!({
            "bench": bench, "at": at, "commit": commit, "machine": machine, "seconds": seconds, "rows": rows,
            "notes": notes,
        })
    }

    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let notes = value["notes"].as_array()?.iter().filter_map(|note| note.as_str().map(str::to_owned));
        Some(Self {
            bench: text("bench")?,
            at: text("at")?,
            commit: text("commit")?,
            machine: text("machine")?,
            seconds: value["seconds"].as_f64()?,
            rows: value["rows"].as_array()?.iter().map(Row::of).collect::<Option<_>>()?,
            notes: notes.collect(),
        })
    }
}

/// Where the figures of a bench are.
pub(super) fn file(bench: &str) -> PathBuf {
    shell::target().join(format!("bench/{bench}.json"))
}

/// Where the figures of all benches are that are published.
pub(super) fn published() -> PathBuf {
    shell::root().join("docs/figures.json")
}

/// Where the picture of a bench is, if it has one.
pub(super) fn picture(bench: &str) -> PathBuf {
    file(bench).with_extension("svg")
}

/// The JSON of a file, if that is there.
pub(super) fn read(path: &Path) -> Option<Value> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Writes JSON to a file.
pub(super) fn write(path: &Path, value: &Value) -> Result<()> {
    write_text(path, &format!("{value:#}\n"))
}

/// Writes a file, whose folder is made where it is missing.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    let failed = |error| Failure::new(format!("write {}", path.display()), error);
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_from_json_and_an_older_form_does_not() {
        let record = Record {
            bench: "native".to_owned(),
            at: "2026-11-29 03:10".to_owned(),
            commit: "0ab95c9".to_owned(),
            machine: "a processor, 2 cores".to_owned(),
            seconds: 61.5,
            rows: vec![Row::alone("what", 1.25, "s", "under 2 s", true)],
            notes: vec!["in words".to_owned()],
        };
        let text = record.json().to_string();
        assert_eq!(Record::of(&serde_json::from_str(&text).expect("JSON")), Some(record.clone()));
        assert!(record.is_of("0ab95c9") && !record.is_of("24220a3"));
        let changed = Record { commit: "0ab95c9 and changes".to_owned(), ..record.clone() };
        assert!(!changed.is_of("0ab95c9") && !changed.is_of("0ab95c9 and changes"));
        let rows: Vec<Value> = record.rows.iter().map(Row::json).collect();
        assert_eq!(Record::of(&Value::Array(rows)), None);
        assert_eq!(Record::all_of(&json!({ "benches": [record.json()] })), Some(vec![record]));
    }
}
