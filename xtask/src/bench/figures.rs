//! The figures of all benches: `docs/figures.json` for programs, `docs/figures.md` for people, with pictures, and what the
//! README quotes of that.

use std::fs;

use scaler_wm_tests::{Failure, Result};
use serde_json::{Value, json};

use super::list::FEATURES;
use super::machine::MACHINE;
use super::record::{self, Record};
use super::{quote, report};
use crate::shell;

/// All that was measured.
pub(super) struct Figures {
    pub(super) head: Vec<(String, String)>,
    pub(super) records: Vec<Record>,
    /// Benches without figures, and why.
    pub(super) failed: Vec<(String, String)>,
}

impl Figures {
    /// Everything: a line for each figure, and one for each set of features, of which there are many figures.
    pub(super) fn table(&self) -> String {
        let head = [&["bench"], &report::HEAD[..]].concat().into_iter().map(str::to_owned);
        let mut text = report::line(&head.collect::<Vec<_>>());
        text.push_str(&report::rule(report::HEAD.len() + 1));
        let (matrix, lines): (Vec<_>, Vec<_>) = self.records.iter().partition(|record| record.bench == FEATURES);
        for record in lines {
            for row in &record.rows {
                text.push_str(&report::line(&[std::slice::from_ref(&record.bench), &row.cells()[..]].concat()));
            }
        }
        for record in matrix {
            text.push_str(&format!("\n{}", report::matrix(FEATURES, &record.rows)));
        }
        text
    }

    /// Writes both files, and brings the README up to date.
    pub(super) fn write(&self) -> Result<()> {
        let json = record::published();
        record::write(&json, &self.json())?;
        let (page, readme) = (shell::root().join("docs/figures.md"), shell::root().join("README.md"));
        let text = self.page();
        record::write_text(&page, &text)?;
        let failed = |error| Failure::new(format!("read {}", readme.display()), error);
        let (quoted, missing) = quote::quoted(&fs::read_to_string(&readme).map_err(failed)?, &text);
        record::write_text(&readme, &quoted)?;
        missing.iter().for_each(|line| eprintln!("README.md quotes a figure that was not measured: {line}"));
        for record in &self.records {
            if let Ok(picture) = fs::read_to_string(record::picture(&record.bench)) {
                record::write_text(&shell::root().join(format!("docs/pictures/{}.svg", record.bench)), &picture)?;
            }
        }
        println!("written to {}, {} and {}", json.display(), page.display(), readme.display());
        Ok(())
    }

    /// A failure that names what failed or missed its target.
    pub(super) fn verdict(&self) -> Result<()> {
        for (bench, why) in &self.failed {
            eprintln!("FAILED: bench {bench}: {}", first_line(why));
        }
        let mut missed = 0;
        for record in &self.records {
            for row in record.rows.iter().filter(|row| !row.is_met()) {
                eprintln!("missed: bench {}: {}", record.bench, row.what());
                missed += 1;
            }
        }
        if self.failed.is_empty() && missed == 0 {
            return Ok(());
        }
        let detail = format!("{} failed, {missed} targets are missed, see above", self.failed.len());
        Err(Failure::new("run every bench and meet every target", detail))
    }

    fn json(&self) -> Value {
        let records: Vec<Value> = self.records.iter().map(Record::json).collect();
        let failed = self.failed.iter().map(|(bench, why)| json!({ "bench": bench, "why": why }));
        json!({ "head": self.head, "benches": records, "failed": failed.collect::<Vec<_>>() })
    }

    /// What was JSON before.
    #[cfg(test)]
    fn of(value: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let head = value["head"].as_array()?.iter().map(|line| Some((text(&line[0])?, text(&line[1])?)));
        let failed = value["failed"].as_array()?.iter().map(|one| Some((text(&one["bench"])?, text(&one["why"])?)));
        Some(Self {
            head: head.collect::<Option<_>>()?,
            records: Record::all_of(value)?,
            failed: failed.collect::<Option<_>>()?,
        })
    }

    fn page(&self) -> String {
        let mut text = String::from(
            "# Figures\n\n<!-- Written by `cargo xtask bench all`: do not edit. -->\n\nAll of them come from `cargo xtask \
             bench all`, which has written this page, and `figures.json` for programs: scaler-wm beside the released \
             Python package, on one machine; when each bench ran, and at which commit, is below. A ratio is ours to Python's. Each line is explained by the \
             bench that it comes from, `cargo xtask bench NAME`, in `xtask/src/bench`.\n\n",
        );
        let mut table = |head: [&str; 2], rows: Vec<[String; 2]>| {
            text.push_str(&report::line(&head.map(str::to_owned)));
            text.push_str(&report::rule(2));
            rows.iter().for_each(|row| text.push_str(&report::line(row)));
            text.push('\n');
        };
        table(["", ""], self.head.iter().map(|(name, value)| [name.clone(), value.clone()]).collect());
        let machine = self.head.iter().find_map(|(name, value)| (name == MACHINE).then_some(value));
        let measured = self.records.iter().map(|record| {
            let Record { bench, at, commit, seconds, .. } = record;
            let other = Some(&record.machine).filter(|name| Some(*name) != machine);
            let on = other.map_or_else(String::new, |machine| format!(", on {machine}"));
            [bench.clone(), format!("{at}, after {:.1} min, commit {commit}{on}", seconds / 60.0)]
        });
        table(["bench", "measured"], measured.collect());
        text.push_str(&self.table());
        let notes: Vec<&String> = self.records.iter().flat_map(|record| &record.notes).collect();
        if !notes.is_empty() {
            text.push_str("\n## In words\n\n");
            notes.iter().for_each(|note| text.push_str(&format!("- {note}\n")));
        }
        if !self.failed.is_empty() {
            text.push_str("\n## Not measured\n\n");
            for (bench, why) in &self.failed {
                text.push_str(&format!("- `{bench}`: {}\n", first_line(why)));
            }
        }
        text
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::report::Row;
    use super::*;

    fn figures(failed: Vec<(String, String)>, met: bool) -> Figures {
        let record = Record {
            bench: "native".to_owned(),
            at: "2026-11-29 03:10 UTC".to_owned(),
            commit: "0ab95c9".to_owned(),
            machine: "a processor".to_owned(),
            seconds: 90.0,
            rows: vec![Row::beside("a ramp", (1.0, 4.0), "s", ("at most half", met))],
            notes: vec!["It grows with n.".to_owned()],
        };
        let row = |what: &str, figure, unit| Row::alone(what, figure, unit, "", true);
        let sets = Record {
            bench: FEATURES.to_owned(),
            machine: "another".to_owned(),
            rows: vec![
                row("native: crates", 58.0, ""),
                row("native: binary", 4.631, "MB"),
                row("ecs: crates", 184.0, ""),
                row("ecs: binary", 14.3, "MB"),
            ],
            notes: Vec::new(),
            ..record.clone()
        };
        Figures { head: vec![(MACHINE.to_owned(), "a processor".to_owned())], records: vec![record, sets], failed }
    }

    #[test]
    fn the_page_has_everything_and_says_where_it_comes_from() {
        let page = figures(vec![("ecs".to_owned(), "failed to start it\nand a log".to_owned())], true).page();
        for part in [
            "cargo xtask bench all",
            "| machine | a processor |\n",
            "| native | 2026-11-29 03:10 UTC, after 1.5 min, commit 0ab95c9 |\n",
            "| features | 2026-11-29 03:10 UTC, after 1.5 min, commit 0ab95c9, on another |\n",
            "| bench | what | scaler-wm | Python | ratio | unit | target | met |\n|---|---|---|---|---|---|---|---|\n",
            "| native | a ramp | 1 | 4 | 0.25 | s | at most half | yes |\n",
            "| features | crates | binary (MB) |\n|---|---|---|\n| `native` | 58 | 4.63 |\n| `ecs` | 184 | 14.3 |\n",
            "- It grows with n.\n",
            "- `ecs`: failed to start it\n",
        ] {
            assert!(page.contains(part), "{part} in\n{page}");
        }
        assert!(!page.contains("and a log"));
    }

    #[test]
    fn it_fails_when_a_bench_does_or_a_target_is_missed() {
        assert!(figures(Vec::new(), true).verdict().is_ok());
        assert!(figures(Vec::new(), false).verdict().is_err());
        assert!(figures(vec![("ecs".to_owned(), "it did not start".to_owned())], true).verdict().is_err());
    }

    #[test]
    fn the_page_has_what_is_published_for_programs() {
        let published = record::read(&record::published()).expect("figures that are published");
        let figures = Figures::of(&published).expect("figures of this form");
        let page = fs::read_to_string(shell::root().join("docs/figures.md")).expect("the page");
        let made = figures.page();
        let other = made.lines().zip(page.lines()).find(|(made, kept)| made != kept);
        assert_eq!(other, None, "docs/figures.md is not of docs/figures.json: cargo xtask bench all writes both");
        assert_eq!(made.len(), page.len());
    }
}
