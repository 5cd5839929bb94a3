//! Why there are as many units as there are, and why not more or fewer: in words.

use serde::Serialize;

use crate::{
    Limit, Timestamp, Wish, cut,
    manager::{Stage, Status},
    plan::{Drain, Phase},
};

/// Why there are as many units as there are. Each line stands for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// How many there are, and what is wanted.
    pub now: String,
    /// Why not more.
    pub not_more: Vec<String>,
    /// Why not fewer.
    pub not_fewer: Vec<String>,
}

/// Explains a status. Pure: the same status and time give the same words.
#[must_use]
pub fn explain(status: &Status, now: Timestamp) -> Explanation {
    let leaving = status.units.iter().filter(|unit| unit.drain != Drain::No || unit.phase == Phase::Leaving).count();
    let staying = u32::try_from(status.units.len() - leaving).unwrap_or(u32::MAX);
    let mut words = Explanation { now: now_in_words(status, staying, leaving), ..Explanation::default() };
    let (more, fewer) = (&mut words.not_more, &mut words.not_fewer);
    let seconds = |until: Timestamp| format!("{:.0} s", until.since(now).as_secs_f64().ceil());

    match &status.stage {
        Stage::Starting => more.push("the manager is starting, and starts no unit yet".to_owned()),
        Stage::Ending(reason) => more.push(format!("the manager ends: {reason}")),
        Stage::Running if !status.is_linked => {
            let stays = "the scheduler does not answer: none is started, and none is let go, until it does".to_owned();
            more.push(stays.clone());
            fewer.push(stays);
        }
        Stage::Running if !status.has_looked => {
            more.push("what is there has not been seen since the start: none is started before that".to_owned());
        }
        Stage::Running => {}
    }
    if status.is_draining {
        more.push("an operator lets every unit go; `undrain` takes that back".to_owned());
    }
    let coming = staying.saturating_add(status.open);
    if let Some(desired) = status.desired.filter(|_| status.stage == Stage::Running) {
        if status.open > 0 {
            more.push(format!("{} already asked for, and may come any moment", counted(status.open, "unit")));
        }
        if let Some(hold) = status.hold.as_ref().filter(|hold| hold.until > now && desired > coming) {
            let (failures, reason) = (counted(hold.failures, "failure"), &hold.reason);
            more.push(format!("after {failures} the next launch waits {}: {reason}", seconds(hold.until)));
        }
        for (tier, until) in status.resting.iter().filter(|(_, until)| *until > now) {
            more.push(format!("{tier} has no capacity, and is tried again in {}", seconds(*until)));
        }
        if status.is_refused_by_budget && desired > coming {
            more.push("the budget of the policy pays for no more now".to_owned());
        }
        match (status.most, status.wanted) {
            (Limit::AtMost(most), _) if coming >= most => {
                let per_unit = counted(status.per_unit.get(), "task");
                more.push(format!("{most} is the limit, by --max-task-concurrency, at {per_unit} each"));
            }
            _ if coming >= desired && !status.is_draining => more.push(not_wanted(status, desired)),
            _ => {}
        }
        if let Some(until) = status.cooldown_until {
            let target = status.target.unwrap_or(desired);
            fewer.push(format!(
                "fewer are wanted, but only for so short a time: {target} stay for another {} (--scale-down-cooldown-seconds)",
                seconds(until)
            ));
        }
        if desired > 0 && coming <= desired {
            fewer.push(not_fewer(status, desired));
        }
    }
    for unit in &status.units {
        let (Drain::HandingBack { until } | Drain::Waiting { until }) = unit.drain else { continue };
        let (id, tasks) = (&unit.id, unit.work.tasks());
        if tasks > 0 && fewer.len() < MOST_LINES {
            fewer.push(format!("{id} finishes {} first, for at most {}", counted(tasks, "task"), seconds(until)));
        }
    }
    words
}

/// Units that are named one by one.
const MOST_LINES: usize = 12;

fn now_in_words(status: &Status, staying: u32, leaving: usize) -> String {
    let wish = wish_in_words(status);
    let leaving = if leaving > 0 { format!(" and {leaving} on the way out") } else { String::new() };
    let target = match (status.desired, status.target) {
        (Some(desired), Some(target)) if desired != target => format!("; aimed at: {target}"),
        _ => String::new(),
    };
    format!("{} there{leaving}; {wish}{target}", counted(staying, "unit"))
}

/// What is wanted, in words.
pub(crate) fn wish_in_words(status: &Status) -> String {
    let units = status.wanted.map_or_else(|| "nobody has said yet".to_owned(), |units| counted(units, "unit"));
    let mut words = match &status.wish {
        None => "the scheduler has not said what it wants".to_owned(),
        Some(Wish::Once(concurrency)) => format!("{} once, and none is replaced", counted(*concurrency, "worker")),
        Some(Wish::Follow(requests) | Wish::Spare(requests)) if requests.is_empty() => {
            "the scheduler wants nothing".to_owned()
        }
        Some(Wish::Follow(requests) | Wish::Spare(requests)) => {
            let request = |request: &crate::Request| match request.capabilities.is_empty() {
                true => request.task_concurrency.to_string(),
                false => format!("{} with {}", request.task_concurrency, request.capabilities),
            };
            let requests: Vec<String> = requests.iter().map(request).collect();
            format!("the scheduler wants a task concurrency of {}, which is {units}", cut(requests.join(" and ")))
        }
    };
    if let Some(why) = &status.link.why {
        words = format!("{words} ({why})");
    }
    if let Some(bounds) = &status.bounds {
        words = format!("{words}; an operator says {bounds}");
    }
    words
}

fn not_wanted(status: &Status, desired: u32) -> String {
    match (&status.bounds, status.wanted) {
        (Some(bounds), Some(wanted)) if wanted > desired => {
            format!("an operator says {bounds}; `limits --clear` ends that")
        }
        _ => format!("{desired} are wanted, and no more"),
    }
}

fn not_fewer(status: &Status, desired: u32) -> String {
    match (&status.bounds, status.wanted) {
        (Some(bounds), Some(wanted)) if wanted < desired => {
            format!("an operator says {bounds}; `limits --clear` ends that")
        }
        _ => format!("{desired} are wanted"),
    }
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        Request, UnitId, WorkerMatch,
        control::Bounds,
        manager::{Hold, UnitStatus},
        plan::Work,
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn unit(name: &str, work: Work, drain: Drain) -> UnitStatus {
        UnitStatus {
            id: UnitId::from(name),
            launch: None,
            tier: crate::Tier::default(),
            since: at(0),
            phase: Phase::Alive,
            work,
            drain,
            is_up: true,
            workers: WorkerMatch::part(name),
        }
    }

    fn status(units: Vec<UnitStatus>, wanted: u32) -> Status {
        let requests = vec![Request { task_concurrency: wanted, capabilities: crate::Capabilities::default() }];
        Status {
            stage: Stage::Running,
            is_linked: true,
            has_looked: true,
            wish: Some(Wish::Follow(requests)),
            wanted: Some(wanted),
            desired: Some(wanted),
            target: Some(wanted),
            units,
            ..Status::default()
        }
    }

    #[test]
    fn what_is_there_and_wanted_needs_no_more_words() {
        let words = explain(&status(vec![unit("a", Work::Unknown, Drain::No)], 1), at(1));
        assert_eq!(words.now, "1 unit there; the scheduler wants a task concurrency of 1, which is 1 unit");
        assert_eq!(words.not_more, ["1 are wanted, and no more"]);
        assert_eq!(words.not_fewer, ["1 are wanted"]);
    }

    #[test]
    fn the_limit_is_named_with_its_flag() {
        let mut status = status(vec![unit("a", Work::Unknown, Drain::No)], 1);
        status.most = Limit::AtMost(1);
        assert_eq!(explain(&status, at(1)).not_more, ["1 is the limit, by --max-task-concurrency, at 1 task each"]);
    }

    #[test]
    fn a_wait_after_failures_says_how_long_and_why() {
        let mut status = status(Vec::new(), 2);
        status.hold = Some(Hold { until: at(9), failures: 3, reason: "failed to start a unit (denied)".to_owned() });
        assert_eq!(
            explain(&status, at(1)).not_more,
            ["after 3 failures the next launch waits 8 s: failed to start a unit (denied)"]
        );
        assert_eq!(explain(&status, at(9)).not_more, [""; 0]);
    }

    #[test]
    fn what_leaves_says_what_it_waits_for() {
        let until = at(60);
        let busy = unit("a", Work::Busy { tasks: 2, queued: 1 }, Drain::HandingBack { until });
        let words = explain(&status(vec![busy], 0), at(10));
        assert!(words.now.starts_with("0 units there and 1 on the way out"), "{}", words.now);
        assert_eq!(words.not_fewer, ["a finishes 2 tasks first, for at most 50 s"]);
    }

    #[test]
    fn bounds_are_told_as_the_operators() {
        let mut status = status(vec![unit("a", Work::Unknown, Drain::No)], 0);
        status.bounds =
            Some(Bounds { minimum: Some(1), until: Some(at(0) + Duration::from_secs(60)), ..Bounds::default() });
        status.desired = Some(1);
        let words = explain(&status, at(1));
        assert_eq!(words.not_fewer, ["an operator says at least 1; `limits --clear` ends that"]);
    }

    #[test]
    fn while_the_scheduler_is_away_nothing_moves() {
        let mut status = status(Vec::new(), 1);
        status.is_linked = false;
        let words = explain(&status, at(1));
        assert!(words.not_more[0].starts_with("the scheduler does not answer"), "{words:?}");
        assert_eq!(words.not_more, words.not_fewer[..1]);
    }
}
