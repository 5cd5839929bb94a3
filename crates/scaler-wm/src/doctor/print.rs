//! What was found, in lines for people and as JSON.

use std::time::Duration;

use scaler_wm_core::{Role, Timestamp};
use serde_json::{Value, json};

use super::{
    compare::{Finding, State, Subject},
    delete::Outcome,
    examine::Examined,
    source::Source,
};
use crate::plain::plain;

/// Lines of one state and kind that people are shown; the others are counted.
const SHOWN: usize = 20;
/// What can be repeated for so long can always be.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);

/// A finding by its name.
pub(super) fn name(finding: &Finding) -> String {
    match &finding.subject {
        Subject::Thing(thing) => format!("{} {}", thing.what, plain(&thing.name)),
        Subject::Launch(launch) => format!("record of launch {}", launch.id),
        Subject::Tasks(tasks) => format!("record of {}", count(tasks.len(), "task")),
    }
}

/// Everything, in lines.
pub(super) fn lines(all: &[Examined]) -> String {
    all.iter().map(of_one).collect()
}

fn of_one(examined: &Examined) -> String {
    let who = examined.source.as_ref().map_or_else(|| "its record cannot be read".to_owned(), Source::words);
    let mut text = format!("{} {}: {who}\n", examined.config.kind.section.name, examined.config.manager);
    let is_running = examined.is_running();
    let mut same: Option<(State, &str, usize)> = None;
    for finding in &examined.findings {
        let what = if let Subject::Thing(thing) = &finding.subject { thing.what } else { "" };
        let number = match same {
            Some((state, kind, number)) if !what.is_empty() && (state, kind) == (finding.state, what) => number + 1,
            _ => {
                more(&mut text, same);
                1
            }
        };
        same = Some((finding.state, what, number));
        if number <= SHOWN {
            let mark = if finding.state.is_amiss(is_running) { "amiss" } else { "ok" };
            let age = age(finding, examined.clock.now()).map(|age| format!(", {} old", spell(age))).unwrap_or_default();
            let says = says(finding, is_running);
            text.push_str(&format!("  {mark:<7}{}{age}: {says}\n", name(finding)));
        }
    }
    more(&mut text, same);
    examined.failed.iter().for_each(|problem| text.push_str(&format!("  failed {}\n", plain(problem))));
    examined.notes.iter().for_each(|note| text.push_str(&format!("  note   {}\n", plain(note))));
    if examined.findings.is_empty() && examined.failed.is_empty() {
        text.push_str("  ok     nothing is there under its name, and nothing is on record\n");
    }
    text
}

fn more(text: &mut String, same: Option<(State, &str, usize)>) {
    if let Some((_, kind, number)) = same.filter(|(.., number)| *number > SHOWN) {
        text.push_str(&format!("         and {} more of the kind {kind} (--json has them all)\n", number - SHOWN));
    }
}

/// How it stands, and what that means.
fn says(finding: &Finding, is_running: bool) -> String {
    let (is_named, is_leftover) = match &finding.subject {
        Subject::Thing(thing) => (thing.manager.is_some(), thing.role == Role::Leftover),
        _ => (true, false),
    };
    let mut text = match finding.state {
        State::Managed => "on record with the manager that runs".to_owned(),
        State::Waiting => "on record, and nobody manages it now: it waits for the next manager with this id".to_owned(),
        State::Unmanaged if is_running => {
            "the manager that runs does not have it on record: nobody manages it".to_owned()
        }
        State::Unmanaged => "nothing on record names it: nobody manages it".to_owned(),
        State::Foreign => return "it bears the tags of somebody else, and is left alone".to_owned(),
        State::InUse if is_running => "of the manager that runs".to_owned(),
        State::InUse => "in use".to_owned(),
        State::Needed => "nothing uses it now; an open launch may need it".to_owned(),
        State::Unused if is_leftover => "nobody needs it any more".to_owned(),
        State::Unused => "nothing uses it".to_owned(),
        State::Open { .. } if is_running => "open: the manager that runs waits for what comes of it".to_owned(),
        State::Open { has_receipt: true, .. } => {
            "open: its units were promised; the next manager with this id asks about them".to_owned()
        }
        State::Open { repeatable_for: Some(left), .. } if left >= FOREVER => {
            "open: nobody knows what came of it; the next manager with this id repeats it".to_owned()
        }
        State::Open { repeatable_for: Some(left), .. } => format!(
            "open: nobody knows what came of it; the next manager with this id repeats it, if it starts within {}",
            spell(left)
        ),
        State::Open { repeatable_for: None, .. } => {
            "open: nobody knows what came of it, and it is too late to repeat it: the next manager forgets it"
                .to_owned()
        }
        State::Spent => match &finding.subject {
            Subject::Tasks(_) => "nothing runs them any more; the next manager with this id gives them up".to_owned(),
            _ => "its units are gone; the next manager with this id forgets it".to_owned(),
        },
    };
    if !is_named {
        text.push_str("; it bears no tag of this manager, and is never deleted here");
    }
    text
}

fn age(finding: &Finding, now: Timestamp) -> Option<Duration> {
    match &finding.subject {
        Subject::Thing(thing) => thing.since.map(|since| now.since(since)),
        Subject::Launch(launch) => Some(now.since(launch.at)),
        Subject::Tasks(_) => None,
    }
}

/// The last line.
pub(super) fn verdict(all: &[Examined], outcome: &Outcome, deletes: bool) -> String {
    let amiss: usize = all.iter().map(Examined::amiss).sum();
    let can_go = all.iter().flat_map(|examined| examined.that_can_go()).count();
    let mut parts = Vec::new();
    if !outcome.deleted.is_empty() {
        parts.push(format!("{} deleted", outcome.deleted.len()));
    }
    if !outcome.failed.is_empty() {
        parts.push(format!("{} could not be deleted", outcome.failed.len()));
    }
    parts.push(if amiss == 0 { "nothing is amiss".to_owned() } else { format!("{amiss} amiss") });
    if !deletes && can_go > 0 {
        parts.push(format!("--delete takes away {can_go}"));
    } else if outcome.deleted.is_empty() && outcome.failed.is_empty() && deletes && can_go > 0 {
        parts.push("nothing was deleted".to_owned());
    }
    format!("{}\n", parts.join("; "))
}

/// Everything, as JSON.
pub(super) fn json(all: &[Examined], outcome: &Outcome) -> String {
    let managers: Vec<Value> = all.iter().map(json_of).collect();
    let failed: Vec<Value> =
        outcome.failed.iter().map(|(name, problem)| json!({"name": name, "problem": problem})).collect();
    let amiss: usize = all.iter().map(Examined::amiss).sum();
    let document = json!({
        "managers": managers,
        "amiss": amiss,
        "deleted": outcome.deleted,
        "not_deleted": failed,
    });
    format!("{document:#}\n")
}

fn json_of(examined: &Examined) -> Value {
    let is_running = examined.is_running();
    let findings: Vec<Value> = examined
        .findings
        .iter()
        .map(|finding| {
            let mut value = match &finding.subject {
                Subject::Thing(thing) => json!({"thing": thing}),
                Subject::Launch(launch) => {
                    json!({"launch": {"id": launch.id, "units": launch.count, "tier": launch.tier, "at": launch.at}})
                }
                Subject::Tasks(tasks) => {
                    json!({"tasks": tasks.iter().map(ToString::to_string).collect::<Vec<_>>()})
                }
            };
            value["state"] = word(finding.state).into();
            value["amiss"] = finding.state.is_amiss(is_running).into();
            value["deletable"] = finding.can_go.into();
            value["says"] = says(finding, is_running).into();
            if let State::Open { repeatable_for, .. } = finding.state {
                value["is_repeatable"] = repeatable_for.is_some().into();
                value["repeatable_seconds"] =
                    repeatable_for.filter(|left| *left < FOREVER).map(|left| left.as_secs()).into();
            }
            value
        })
        .collect();
    json!({
        "type": examined.config.kind.section.name,
        "manager": examined.config.manager,
        "state_dir": examined.source.as_ref().map(|source| source.folder().to_string_lossy()),
        "is_running": is_running,
        "findings": findings,
        "failed": examined.failed,
        "notes": examined.notes,
    })
}

const fn word(state: State) -> &'static str {
    match state {
        State::Managed => "managed",
        State::Waiting => "waiting",
        State::Unmanaged => "unmanaged",
        State::Foreign => "foreign",
        State::InUse => "in_use",
        State::Needed => "needed",
        State::Unused => "unused",
        State::Open { .. } => "open",
        State::Spent => "spent",
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A duration in its two largest units.
pub(super) fn spell(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let pair = |large: u64, l: char, small: u64, s: char| {
        if small == 0 { format!("{large} {l}") } else { format!("{large} {l} {small} {s}") }
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) if minutes == 0 => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => pair(days, 'd', hours, 'h'),
    }
}
