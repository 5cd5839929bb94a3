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

/// Rows that are called `SET: FIGURE`, as a table with a line for each set and a column for each figure.
pub(super) fn matrix(name: &str, rows: &[Row]) -> String {
    let (mut columns, mut lines) = (vec![name.to_owned()], Vec::<Vec<String>>::new());
    for row in rows {
        let (set, figure) = row.what.split_once(": ").unwrap_or((&row.what, ""));
        let (set, unit) = (format!("`{set}`"), &row.unit);
        let column = if unit.is_empty() { figure.to_owned() } else { format!("{figure} ({unit})") };
        if !columns.contains(&column) {
            columns.push(column);
        }
        match lines.last_mut().filter(|line| line[0] == set) {
            Some(line) => line.push(short(row.ours)),
            None => lines.push(vec![set, short(row.ours)]),
        }
    }
    let lines = lines.iter().map(|cells| line(cells));
    [line(&columns), rule(columns.len())].into_iter().chain(lines).collect()
}

/// Three significant digits, or all of what is counted.
fn short(value: f64) -> String {
    if value.is_nan() {
        return "?".to_owned();
    }
    let size = value.abs();
    if value.fract() == 0.0 || size >= 100.0 {
        return thousands(value);
    }
    // Digits before the point, or minus the zeros after it.
    #[expect(clippy::cast_possible_truncation, reason = "between -300 and 2")]
    let before = size.log10().floor() as i32 + 1;
    let decimals = usize::try_from(3 - before).unwrap_or_default();
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A whole number, with commas between thousands.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_counts_all_of_them() {
        let told =
            [0.0, 4.0, -0.0978, 0.25, 1.5, 12.449, 99.99, 853.4, 20_612_345.0, 16_200.7, 0.000_000_612, -1_234.5];
        let told = told.map(short);
        let expected =
            ["0", "4", "-0.0978", "0.25", "1.5", "12.4", "100", "853", "20,612,345", "16,201", "0.000000612", "-1,234"];
        assert_eq!(told, expected.map(str::to_owned));
        assert_eq!(short(f64::NAN), "?");
    }

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
        assert!(table(&rows).contains("| a \\| b | 1.5 | 3 | 0.5 | s | at most half | yes |\n"));
        assert!(table(&rows).contains("| c | 0 |  |  |  |  |  |\n| d | 12 |  |  | MB | 8 MB | NO |\n"));
        assert!(table(&rows[1..]).starts_with("| what | scaler-wm | unit | target | met |\n|---|---|---|---|---|\n"));
    }
}
