//! What came of it: a table for people, and everything that was seen as JSON and as a picture.

use std::path::PathBuf;

use scaler_wm_tests::{Failure, Result};
use serde_json::{Map, Value, json};

use super::judge::Growth;
use super::managers::NAMES;
use super::picture;
use super::seen::Look;
use super::victims::Victim;
use super::work::Seen;
use crate::bench::{Row, table, write_text};
use crate::shell;

/// How much memory may grow in the judged time, in MB, and how many descriptors.
const MEMORY: f64 = 1.0;
const DESCRIPTORS: f64 = 2.0;
/// Of these managers the figures are judged: the other one is killed all the time.
const JUDGED: [&str; 2] = ["local", "cloud"];

/// Everything.
pub(super) struct Report {
    pub(super) head: Vec<(String, String)>,
    /// Minutes and seed.
    pub(super) asked: [String; 2],
    pub(super) seen: Seen,
}

impl Report {
    /// Prints the table, and writes JSON and picture; `fault` is what ended the run early.
    pub(super) fn write(&self, fault: Option<&Failure>) -> Result<()> {
        let rows = self.rows();
        println!("\n{}", table(&rows));
        println!(
            "Growth is judged over the last two thirds: the rise of the straight line that fits best, by least squares, the \
             medians of twelve equal parts."
        );
        let picture = picture::draw(&self.seen);
        for (name, text) in [("stack.json", format!("{:#}\n", self.json(&rows, fault))), ("stack.svg", picture)] {
            let path = file(name);
            write_text(&path, &text)?;
            println!("written to {}", path.display());
        }
        Ok(())
    }

    /// A failure that names what was missed.
    pub(super) fn verdict(&self) -> Result<()> {
        let rows = self.rows();
        let missed: Vec<&str> = rows.iter().filter(|row| !row.is_met()).map(Row::what).collect();
        if missed.is_empty() {
            println!("good");
            return Ok(());
        }
        Err(Failure::new("soak the stack", format!("missed are: {}", missed.join("; "))))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a run of some hours")]
    fn rows(&self) -> Vec<Row> {
        let seen = &self.seen;
        let count = |what: &str, count: usize| Row::alone(what, count as f64, "", "", true);
        let zero = |what: &str, count: usize| Row::alone(what, count as f64, "", "0", count == 0);
        let mut rows = vec![
            count("waves of tasks, one after the other", seen.waves),
            Row::alone("tasks with a result", seen.tasks as f64, "", "", true),
            zero("waves with a wrong result", seen.wrong),
            count("waves asked for anew, their scheduler killed", seen.anew),
            count("tasks that a kill made start once more", seen.repeated),
            Row::alone("longest wave", seen.longest_wave, "s", "", true),
        ];
        for victim in Victim::ALL {
            let kills = seen.kills.iter().filter(|(_, killed)| *killed == victim).count();
            rows.push(Row::alone(format!("kills of {}", victim.words()), kills as f64, "", "at least 1", kills > 0));
        }
        for name in JUDGED {
            self.judge(name, &mut rows);
        }
        rows.push(Row::alone(
            "nothing to do, until every unit has gone",
            seen.settled.unwrap_or(f64::NAN),
            "s",
            "under 120 s",
            seen.settled.is_some(),
        ));
        let left = seen.left.map_or(f64::NAN, |left| left as f64);
        rows.push(Row::alone("processes and units left at the end", left, "", "0", seen.left == Some(0)));
        rows
    }

    /// Rows on the growth of one manager.
    fn judge(&self, name: &str, rows: &mut Vec<Row>) {
        let looks = looks_of(&self.seen, name);
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let of = |figure: &dyn Fn(&Look) -> f64| looks.iter().map(|(at, look)| (*at, figure(look))).collect();
        let memory = ("MB", MEMORY, "at most 1 MB");
        let figures: [(&str, Vec<(f64, f64)>, _); 3] = [
            ("resident memory", of(&|look| megabytes(look.resident)), memory),
            ("proportional memory", of(&|look| megabytes(look.proportional)), memory),
            ("descriptors", of(&|look| look.descriptors as f64), ("", DESCRIPTORS, "at most 2")),
        ];
        for (what, series, (unit, bound, target)) in figures {
            let most = series.iter().map(|(_, figure)| *figure).fold(0.0, f64::max);
            rows.push(Row::alone(format!("{name}: {what}, most"), most, unit, "", true));
            let growth = Growth::of(&series).map_or(f64::NAN, |growth| growth.by);
            let over = Growth::of(&series).map_or(0.0, |growth| growth.over / 60.0);
            let what = format!("{name}: growth of its {what} in the last {over:.1} min");
            rows.push(Row::alone(what, growth, unit, target, growth <= bound));
        }
    }

    fn json(&self, rows: &[Row], fault: Option<&Failure>) -> Value {
        let looks = self.seen.looks.iter().map(|(at, looks)| {
            let mut sample = Map::from_iter([("at".to_owned(), Value::from(*at))]);
            for (name, look) in NAMES.iter().zip(looks) {
                sample.insert((*name).to_owned(), look.as_ref().map_or(Value::Null, Look::json));
            }
            Value::Object(sample)
        });
        let events = self.seen.events.iter().map(|(at, what)| json!({ "at": at, "what": what }));
        let [minutes, seed] = &self.asked;
        json!({
            "head": self.head,
            "minutes": minutes,
            "seed": seed,
            "fault": fault.map(ToString::to_string),
            "rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
            "events": events.collect::<Vec<_>>(),
            "samples": looks.collect::<Vec<_>>(),
        })
    }
}

/// The looks at the last process of a manager.
fn looks_of(seen: &Seen, name: &str) -> Vec<(f64, Look)> {
    let Some(which) = NAMES.iter().position(|known| *known == name) else { return Vec::new() };
    let mut looks: Vec<(f64, Look)> = seen.looks.iter().filter_map(|(at, looks)| Some((*at, looks[which]?))).collect();
    let last = looks.last().map(|(_, look)| look.pid);
    looks.retain(|(_, look)| Some(look.pid) == last);
    looks
}

fn file(name: &str) -> PathBuf {
    shell::target().join("soak").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run in which all went well; memory of the local manager grows so many bytes a second.
    fn report(leak: u64) -> Report {
        let look = |at: u64, pid| Look {
            pid,
            resident: 10_000_000 + at * leak,
            proportional: 9_000_000 + at * leak,
            descriptors: 30,
            wanted: Some(1),
            there: 1,
        };
        let looks = (0..1_800).step_by(2).map(|at| {
            // The first process was killed after two minutes.
            let local = look(at, if at < 120 { 1 } else { 2 });
            (at as f64, [Some(local), (at > 9).then(|| look(0, 3)), Some(look(0, 4))])
        });
        let seen = Seen {
            looks: looks.collect(),
            kills: Victim::ALL.map(|victim| (1.0, victim)).into(),
            waves: 2,
            tasks: 100,
            settled: Some(4.0),
            left: Some(0),
            ..Seen::default()
        };
        Report { head: Vec::new(), asked: ["30".to_owned(), "1".to_owned()], seen }
    }

    #[test]
    fn a_good_run_is_good_and_what_is_missed_is_named() {
        report(0).verdict().expect("it is good");
        let leaks = report(1_000).verdict().expect_err("it leaks").to_string();
        assert!(leaks.contains("local: growth of its resident memory") && !leaks.contains("cloud"), "{leaks}");
        for (spoil, named) in [
            ((|seen| seen.wrong = 1) as fn(&mut Seen), "wrong result"),
            (|seen| seen.left = Some(1), "left at the end"),
            (|seen| seen.left = None, "left at the end"),
            (|seen| seen.kills.truncate(Victim::ALL.len() - 1), "kills of the scheduler"),
            (|seen| seen.looks.clear(), "growth of its descriptors"),
        ] {
            let mut report = report(0);
            spoil(&mut report.seen);
            let said = report.verdict().expect_err("it is missed").to_string();
            assert!(said.contains(named), "{named} in {said}");
        }
    }

    #[test]
    fn the_last_process_is_judged() {
        let looks = looks_of(&report(0).seen, "local");
        assert_eq!(looks.first().map(|(at, look)| (*at, look.pid)), Some((120.0, 2)));
    }
}
