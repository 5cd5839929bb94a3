//! A table that knows which of its targets are missed.

use scaler_wm_tests::{Failure, Result};

use super::report::Row;

/// The rows, and what is to be said of them in words.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Row>,
    pub(super) notes: Vec<String>,
    /// What is better looked at, as SVG.
    pub(super) picture: Option<String>,
}

impl From<Vec<Row>> for Sheet {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, ..Self::default() }
    }
}

impl Sheet {
    /// Adds a figure of ours beside Python's.
    pub(super) fn beside(&mut self, what: impl Into<String>, figures: (f64, f64), unit: &str, target: (&str, bool)) {
        self.rows.push(Row::beside(what, figures, unit, target));
    }

    /// Adds a figure of ours alone.
    pub(super) fn alone(&mut self, what: impl Into<String>, ours: f64, unit: &str, (target, met): (&str, bool)) {
        self.rows.push(Row::alone(what, ours, unit, target, met));
    }

    /// Adds a sentence.
    pub(super) fn note(&mut self, words: String) {
        self.notes.push(words);
    }

    /// Adds all of another's.
    pub(super) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.notes.extend(other.notes);
    }

    /// A failure that names what missed its target.
    pub(crate) fn verdict(&self) -> Result<()> {
        let missed: Vec<&str> = self.rows.iter().filter(|row| !row.is_met()).map(Row::what).collect();
        if missed.is_empty() {
            return Ok(());
        }
        Err(Failure::new("meet every target", format!("missed are: {}", missed.join("; "))))
    }
}
