//! What was found, for people and for programs.

use std::{
    io::{self, IsTerminal},
    pin::Pin,
    time::{Duration, Instant},
};

use scaler_wm_core::{Check, Finding};
use serde::Serialize;
use tokio::time::interval;

use super::Subject;
use crate::{
    exit::{Failure, answer, say},
    plain::plain,
};

/// What is found of one subject.
pub(super) type Look = Pin<Box<dyn Future<Output = Vec<Check>>>>;

/// On a terminal a line tells how far it is, once it takes so long, and so often from then on.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What was found so far.
#[derive(Debug)]
pub(super) struct Report {
    is_json: bool,
    found: Vec<(String, Check)>,
}

impl Report {
    pub(super) const fn new(is_json: bool) -> Self {
        Self { is_json, found: Vec::new() }
    }

    /// Looks at all subjects at once, and tells of each as soon as those before it are told.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(super) async fn all(mut self, subjects: Vec<Subject>) -> Result<Self, Failure> {
        let mut teller = Teller::new(subjects.len());
        let looks: Vec<_> =
            subjects.into_iter().map(|subject| (subject.name, tokio::task::spawn_local((subject.checks)()))).collect();
        let mut ticks = interval(TELL_EVERY);
        for (name, mut look) in looks {
            let checks = loop {
                tokio::select! {
                    // Cancel safe: a handle keeps what came of its task.
                    checks = &mut look => break checks.map_err(Failure::running)?,
                    // Cancel safe: a timer.
                    _ = ticks.tick() => teller.tell(&name),
                }
            };
            teller.clear();
            teller.done += 1;
            for check in checks.into_iter().map(in_one_line) {
                if !self.is_json {
                    answer(&format!("{:<8} {name}: {check}\n", check.finding.word()))?;
                }
                self.found.push((name.clone(), check));
            }
        }
        Ok(self)
    }

    /// The last line, or the JSON; what came of it all.
    ///
    /// # Errors
    /// When a check has failed, or it cannot be told.
    pub(super) fn end(self) -> Result<(), Failure> {
        let of = |word: &str| self.found.iter().filter(|(_, check)| check.finding.word() == word).count();
        let failed = of("failed");
        if self.is_json {
            let checks = self.found.iter().map(|(subject, check)| Line::new(subject, check)).collect();
            let text = serde_json::to_string_pretty(&Document { checks, failed }).map_err(Failure::running)?;
            answer(&(text + "\n"))?;
        } else {
            let (ok, warnings, skipped) = (of("ok"), of("warning"), of("skipped"));
            let all = self.found.len();
            answer(&format!("{all} checks: {ok} ok, {warnings} with a warning, {failed} failed, {skipped} skipped\n"))?;
        }
        match failed {
            0 => Ok(()),
            1 => Err(Failure::Running("a check has failed".to_owned())),
            failed => Err(Failure::Running(format!("{failed} checks have failed"))),
        }
    }
}

/// Everything that was found.
#[derive(Serialize)]
struct Document<'a> {
    checks: Vec<Line<'a>>,
    failed: usize,
}

/// A check.
#[derive(Serialize)]
struct Line<'a> {
    subject: &'a str,
    name: &'a str,
    result: &'static str,
    found: &'a str,
    todo: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn new(subject: &'a str, Check { name, finding }: &'a Check) -> Self {
        let (found, todo) = (Finding::found(finding), finding.todo());
        Self { subject, name, result: finding.word(), found, todo }
    }
}

/// A check is a line, whatever others have said in it.
fn in_one_line(Check { name, finding }: Check) -> Check {
    let line = |text: String| plain(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned();
    let finding = match finding {
        Finding::Good { found } => Finding::Good { found: line(found) },
        Finding::Doubtful { found, todo } => Finding::Doubtful { found: line(found), todo: line(todo) },
        Finding::Bad { found, todo } => Finding::Bad { found: line(found), todo: line(todo) },
        Finding::Skipped { found } => Finding::Skipped { found: line(found) },
    };
    Check { name, finding }
}

/// Tells how far it is, on a terminal.
struct Teller {
    is_shown: bool,
    began: Instant,
    done: usize,
    of: usize,
    width: usize,
}

impl Teller {
    fn new(of: usize) -> Self {
        Self { is_shown: io::stderr().is_terminal(), began: Instant::now(), done: 0, of, width: 0 }
    }

    fn tell(&mut self, name: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        if !self.is_shown || seconds < TELL_EVERY.as_secs_f64() {
            return;
        }
        let line = format!("looking at {name} ({} of {} done, {seconds:.0} s)", self.done, self.of);
        say(&format!("\r{line:<width$}", width = self.width));
        self.width = line.chars().count();
    }

    fn clear(&mut self) {
        if self.width > 0 {
            say(&format!("\r{:<width$}\r", "", width = self.width));
            self.width = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_one_line() {
        let check = in_one_line(Check::bad("credentials", "none were found:\n  here\n  there", "set\tsome\n"));
        assert_eq!(check.to_string(), "credentials: none were found: here there; set some");
    }
}
