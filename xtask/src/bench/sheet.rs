//! A table that knows which of its targets are missed.

use scaler_wm_tests::{Failure, Result};

use super::report::Row;

/// The rows, and which of them miss their targets.
#[derive(Default)]
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Row>,
    missed: Vec<String>,
}

impl Sheet {
    /// Adds a figure of ours beside Python's.
    pub(super) fn beside(
        &mut self,
        what: impl Into<String>,
        figures: (f64, f64),
        unit: &'static str,
        target: (&'static str, bool),
    ) {
        let what = what.into();
        self.note(&what, target.1);
        self.rows.push(Row::beside(what, figures, unit, target));
    }

    /// Adds a figure of ours alone.
    pub(super) fn alone(
        &mut self,
        what: impl Into<String>,
        ours: f64,
        unit: &'static str,
        target: (&'static str, bool),
    ) {
        let (what, (target, met)) = (what.into(), target);
        self.note(&what, met);
        self.rows.push(Row::alone(what, ours, unit, target, met));
    }

    /// Adds all of another's.
    pub(super) fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.missed.extend(other.missed);
    }

    fn note(&mut self, what: &str, met: bool) {
        if !met {
            self.missed.push(what.to_owned());
        }
    }

    /// A failure that names what missed its target.
    pub(crate) fn verdict(&self) -> Result<()> {
        if self.missed.is_empty() {
            return Ok(());
        }
        Err(Failure::new("meet every target", format!("missed are: {}", self.missed.join("; "))))
    }
}
