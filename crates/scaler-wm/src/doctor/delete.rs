//! Deletes what was found, one after the other, and tells how far it has come.

use scaler_wm_core::{Chain, Thing};

use super::{
    compare::{Finding, Subject},
    examine::{Examined, STALE},
    print,
};
use crate::exit::{Failure, say};

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Names of what is gone.
    pub(super) deleted: Vec<String>,
    /// Names of what stays, and why.
    pub(super) failed: Vec<(String, String)>,
}

/// Deletes everything that can go: units first, then tasks, what they stood on, and at last records, once a further look
/// has shown that nothing is left of what they name.
pub(super) async fn delete(all: &mut [Examined]) -> Outcome {
    let mut outcome = Outcome::default();
    let count = all.iter().flat_map(|examined| examined.that_can_go()).count();
    let mut progress = Progress { done: 0, count };
    for examined in all {
        let (records, things): (Vec<Finding>, Vec<Finding>) = examined.that_can_go().cloned().partition(is_record);
        for finding in &things {
            progress.next(finding);
            let deleted = one(examined, finding).await;
            if let (Ok(()), Subject::Thing(thing)) = (&deleted, &finding.subject) {
                examined.deleted.insert(thing.name.clone());
            }
            outcome.note(finding, deleted);
        }
        examined.look_again().await;
        let spent: Vec<Finding> = examined.that_can_go().filter(|finding| is_record(finding)).cloned().collect();
        for finding in &spent {
            // The record of what was just deleted is no news.
            let is_news = records.iter().any(|known| is_same(known, finding));
            if is_news {
                progress.next(finding);
            }
            let deleted = match left_of(examined, finding) {
                Some(left) => Err(format!("{left} of it is still there")),
                None => one(examined, finding).await,
            };
            if is_news || deleted.is_err() {
                outcome.note(finding, deleted);
            }
        }
        if !spent.is_empty() {
            examined.look_again().await;
        }
    }
    outcome
}

/// Whether both are about the same record.
fn is_same(one: &Finding, other: &Finding) -> bool {
    match (&one.subject, &other.subject) {
        (Subject::Launch(one), Subject::Launch(other)) => one.id == other.id,
        (Subject::Tasks(_), Subject::Tasks(_)) => true,
        _ => false,
    }
}

/// What is still there of a launch.
fn left_of(examined: &Examined, record: &Finding) -> Option<String> {
    let Subject::Launch(launch) = &record.subject else { return None };
    examined.findings.iter().find_map(|finding| match &finding.subject {
        Subject::Thing(thing) if thing.launch.as_ref() == Some(&launch.id) => Some(print::name(finding)),
        _ => None,
    })
}

fn is_record(finding: &Finding) -> bool {
    !matches!(finding.subject, Subject::Thing(_))
}

async fn one(examined: &Examined, finding: &Finding) -> Result<(), String> {
    let (Some(source), Some(inventory)) = (&examined.source, &examined.inventory) else { return Ok(()) };
    match &finding.subject {
        Subject::Thing(Thing { what: STALE, name, .. }) => match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        },
        Subject::Thing(thing) => inventory.delete(thing).await.map_err(|error| Chain(&error).to_string()),
        Subject::Launch(launch) => source.forget_launch(&launch.id).await.map_err(Failure::text),
        Subject::Tasks(tasks) => source.forget_tasks(tasks).await.map_err(Failure::text),
    }
}

impl Outcome {
    fn note(&mut self, finding: &Finding, deleted: Result<(), String>) {
        let name = print::name(finding);
        match deleted {
            Ok(()) => self.deleted.push(name),
            Err(problem) => {
                say(&format!("not deleted: {name}: {problem}\n"));
                self.failed.push((name, problem));
            }
        }
    }
}

struct Progress {
    done: usize,
    count: usize,
}

impl Progress {
    fn next(&mut self, finding: &Finding) {
        self.done += 1;
        let verb = if is_record(finding) { "forgetting" } else { "deleting" };
        say(&format!("{verb} {} of {}: {}\n", self.done, self.count, print::name(finding)));
    }
}
