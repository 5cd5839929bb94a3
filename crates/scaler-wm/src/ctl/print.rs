//! Answers, for people.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use scaler_wm_control::{stage_word, unit_state_word, v1};

use super::table::{table, time};
use crate::{exit::Failure, plain::plain};

/// Prints at once; whether anybody still reads.
pub(super) fn out(text: &str) -> Result<bool, Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::running(error)),
    }
}

/// A number, or a dash for one that nobody knows.
pub(crate) fn or_dash(number: Option<u32>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// How managers stand: a line for each, and what is worth a word below.
pub(super) fn status(answer: &v1::GetStatusResponse, now: u64) -> String {
    let headings = [
        "MANAGER",
        "TYPE",
        "STAGE",
        "SCHEDULER",
        "DESIRED",
        "TARGET",
        "UNITS",
        "UP",
        "DRAINING",
        "ON ORDER",
        "TASKS",
        "LIMIT",
    ];
    let mut lines = vec![headings.map(str::to_owned).to_vec()];
    let mut notes = String::new();
    for manager in &answer.managers {
        let link = manager.link.clone().unwrap_or_default();
        let scheduler = match (link.is_up, &*link.wire_version) {
            (true, "") => "answers".to_owned(),
            (true, version) => format!("wire {version}"),
            (false, _) => "away".to_owned(),
        };
        lines.push(vec![
            manager.manager.clone(),
            manager.r#type.clone(),
            stage_word(manager.stage).to_owned(),
            scheduler,
            or_dash(manager.desired),
            or_dash(manager.target),
            manager.observed.to_string(),
            manager.running.to_string(),
            manager.draining.to_string(),
            manager.on_order.to_string(),
            manager.tasks.to_string(),
            or_dash(manager.limits.and_then(|limits| limits.most_units)),
        ]);
        for note in notes_of(manager, now) {
            let _ = writeln!(notes, "{}: {}", plain(&manager.manager), plain(&note));
        }
    }
    let mut text = table(&lines);
    if !notes.is_empty() {
        text.push('\n');
        text.push_str(&notes);
    }
    text
}

/// What is worth a word about a manager.
pub(crate) fn notes_of(manager: &v1::ManagerStatus, now: u64) -> Vec<String> {
    let mut notes = Vec::new();
    let until = |until: u64| time(until.saturating_sub(now).next_multiple_of(1000));
    if !manager.ending_reason.is_empty() {
        notes.push(format!("it ends: {}", manager.ending_reason));
    }
    if manager.is_draining {
        notes.push("an operator lets every unit go; `scaler-wm ctl undrain` takes that back".to_owned());
    }
    if let Some(v1::Bounds { minimum, maximum, pinned, until_ms }) = manager.bounds {
        let parts = [("minimum", minimum), ("maximum", maximum), ("pinned", pinned)];
        let parts = parts.iter().filter_map(|(name, units)| units.map(|units| format!("{name} {units}")));
        let parts: Vec<String> = parts.collect();
        let end = until_ms.map_or_else(|| "until cleared".to_owned(), |at| format!("for another {}", until(at)));
        notes.push(format!("limits of an operator: {}, {end}", parts.join(", ")));
    }
    if let Some(backoff) = &manager.backoff {
        let (failures, reason) = (backoff.failures, &backoff.reason);
        notes.push(format!("{failures} failures in a row, next launch in {}: {reason}", until(backoff.until_ms)));
    }
    for tier in &manager.resting_tiers {
        notes.push(format!("{} has no capacity, tried again in {}", tier.tier, until(tier.until_ms)));
    }
    if let Some(at) = manager.cooldown_until_ms {
        notes.push(format!("fewer are wanted, which is honoured in {}", until(at)));
    }
    notes
}

/// Every unit, a line each.
pub(super) fn units(units: &[v1::Unit], now: u64) -> String {
    if units.is_empty() {
        return "there are no units; `scaler-wm ctl explain` says why\n".to_owned();
    }
    let headings = ["UNIT", "STATE", "AGE", "TASKS", "QUEUED", "TIER", "WHERE"];
    let mut lines = vec![headings.map(str::to_owned).to_vec()];
    lines.extend(units.iter().map(|unit| {
        vec![
            unit.unit.clone(),
            state_of(unit, now),
            time(now.saturating_sub(unit.since_ms)),
            unit.tasks.to_string(),
            unit.queued.to_string(),
            unit.tier.clone(),
            unit.place.clone(),
        ]
    }));
    table(&lines)
}

/// The state of a unit, and how long it has left if it must go.
pub(crate) fn state_of(unit: &v1::Unit, now: u64) -> String {
    let state = unit_state_word(unit.state);
    // Longer waits are as good as none.
    match unit.drained_until_ms.filter(|until| until.saturating_sub(now) < 86_400_000) {
        Some(until) => format!("{state} ({} left)", time(until.saturating_sub(now))),
        None => state.to_owned(),
    }
}

/// Why there are as many units as there are.
pub(super) fn explanation(answer: &v1::ExplainResponse) -> String {
    let mut text = format!("{}\n", plain(&answer.now));
    for (heading, lines) in [("Not more, since", &answer.not_more), ("Not fewer, since", &answer.not_fewer)] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{heading}");
            lines.iter().for_each(|line| text.push_str(&format!("  {}\n", plain(line))));
        }
    }
    if !answer.decisions.is_empty() {
        text.push_str("\nLast decisions, newest first\n");
    }
    for decision in answer.decisions.iter().take(DECISIONS) {
        let _ = writeln!(text, "  {}  {}", clock(decision.at_ms), plain(&decision.cause));
        for effect in &decision.effects {
            let _ = writeln!(text, "            -> {}", plain(effect));
        }
        if decision.effects.is_empty() {
            let _ = writeln!(text, "            -> target {}, {} there", or_dash(decision.target), decision.observed);
        }
    }
    text
}

/// Decisions that are shown to people; JSON has them all.
const DECISIONS: usize = 10;

/// One event.
pub(super) fn event(event: &v1::Event) -> String {
    format!("{}  {}  {}\n", event.sequence, clock(event.at_ms), plain(&event.text))
}

/// The time of day, in UTC, as the logs have it.
pub(crate) fn clock(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
