//! The table of the results.

use serde_json::{Value, json};

/// One row: what, our figure, Python's, the unit, and the target in words with whether it is met.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    what: String,
    ours: f64,
    released: Option<f64>,
    unit: String,
    target: String,
    met: bool,
}

impl Row {
    /// A figure of ours beside Python's.
    pub(crate) fn beside(
        what: impl Into<String>,
        (ours, released): (f64, f64),
        unit: &str,
        (target, met): (&str, bool),
    ) -> Self {
        Self { released: Some(released), ..Self::alone(what, ours, unit, target, met) }
    }

    /// A figure of ours alone.
    pub(crate) fn alone(what: impl Into<String>, ours: f64, unit: &str, target: &str, met: bool) -> Self {
        Self { what: what.into(), ours, released: None, unit: unit.to_owned(), target: target.to_owned(), met }
    }

    /// What it is about.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether its target is met, if it has one.
    pub(crate) const fn is_met(&self) -> bool {
        self.met
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        let Self { what, ours, released, unit, target, met } = self;
        json!({ "what": what, "ours": ours, "released": released, "unit": unit, "target": target, "met": met })
    }

    /// As it was before it became JSON; a figure that is none meets no target.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            what: text("what")?,
            ours: value["ours"].as_f64().unwrap_or(f64::NAN),
            released: value["released"].as_f64(),
            unit: text("unit")?,
            target: text("target")?,
            met: value["met"].as_bool()?,
        })
    }

    /// The cells of its line in a table: what [`HEAD`] names.
    pub(super) fn cells(&self) -> [String; HEAD.len()] {
        let ratio =
            self.released.filter(|value| *value > 0.0).map_or_else(String::new, |value| short(self.ours / value));
        let met = match (&*self.target, self.met) {
            ("", true) => "",
            (_, true) => "yes",
            (_, false) => "NO",
        };
        [
            self.what.clone(),
            short(self.ours),
            self.released.map_or_else(String::new, short),
            ratio,
            self.unit.clone(),
            self.target.clone(),
            met.to_owned(),
        ]
    }
}

/// What the cells of a row are.
pub(super) const HEAD: [&str; 7] = ["what", "scaler-wm", "Python", "ratio", "unit", "target", "met"];

/// The rows as a Markdown table, without columns in which there is nothing.
pub(crate) fn table(rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(Row::cells).collect();
    let columns: Vec<usize> = (0..HEAD.len()).filter(|at| rows.iter().any(|cells| !cells[*at].is_empty())).collect();
    let line = |cells: &[String; HEAD.len()]| line(&columns.iter().map(|at| cells[*at].clone()).collect::<Vec<_>>());
    let lines = rows.iter().map(line);
    [line(&HEAD.map(str::to_owned)), rule(columns.len())].into_iter().chain(lines).collect()
}

/// A line of a Markdown table.
pub(super) fn line(cells: &[String]) -> String {
    // A bar would end the cell.
    format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
}

/// The line below the head of a Markdown table.
pub(super) fn rule(columns: usize) -> String {
    format!("{}|\n", "|---".repeat(columns))
}

/// Two or three significant digits, or two decimals where that says enough.
fn short(value: f64) -> String {
    match value {
        // What is counted.
        value if value.fract() == 0.0 => format!("{value}"),
        value if value.is_nan() => "?".to_owned(),
        value if value.abs() >= 100.0 => format!("{value:.0}"),
        value if value.abs() >= 1.0 => format!("{value:.2}"),
        value if value.abs() >= 0.01 => format!("{value:.4}"),
        value => {
            // Down to the second digit that is not 0.
            let decimals = (-value.abs().log10()).ceil().max(3.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small positive number")]
            let decimals = decimals as usize + 1;
            format!("{value:.decimals$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_from_json() {
        let rows = [
            Row::beside("a | b", (1.5, 3.0), "s", ("at most half", true)),
            Row::alone("c", 0.0, "", "", true),
            Row::alone("d", 12.0, "MB", "8 MB", false),
        ];
        for row in &rows {
            assert_eq!(Row::of(&row.json()).as_ref(), Some(row));
        }
        let missing = Row::of(&Row::alone("e", f64::NAN, "s", "1 s", false).json()).expect("a row");
        assert_eq!(missing.cells()[1], "?");
        assert!(table(&rows).contains("| a \\| b | 1.50 | 3 | 0.5000 | s | at most half | yes |\n"));
        assert!(table(&rows).contains("| c | 0 |  |  |  |  |  |\n| d | 12 |  |  | MB | 8 MB | NO |\n"));
        assert!(table(&rows[1..]).starts_with("| what | scaler-wm | unit | target | met |\n|---|---|---|---|---|\n"));
    }
}
