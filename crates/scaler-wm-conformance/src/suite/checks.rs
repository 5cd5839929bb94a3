//! The checks, one by one. Each panics with its name in front when it fails.

use std::{collections::BTreeSet, time::Duration};

use scaler_wm_core::{ErrorKind, Stop, StopAnswer, UnitId, UnitState};

use super::{Fixture, watched::Watched};

/// What a provider says of itself can be worked with.
pub async fn info_is_sane(fixture: &dyn Fixture) {
    let watched = Watched::new("info_is_sane", fixture).await;
    let info = watched.provider.info();
    watched.expect(!info.tiers.is_empty(), "at least one tier");
    watched.expect(info.tiers.iter().collect::<BTreeSet<_>>().len() == info.tiers.len(), "each tier once");
    watched.expect(!info.name.is_empty(), "a name");
    watched.expect(info.observe_every > Duration::ZERO, "time between two looks");
    watched.expect(info.ready_within > info.list_lag, "more time to become ready than listings lag");
    watched.finish().await;
}

/// Preparing a launch makes no unit, and gives each launch names of its own.
pub async fn prepare_calls_nothing(fixture: &dyn Fixture) {
    let mut watched = Watched::new("prepare_calls_nothing", fixture).await;
    let (one, two) = (watched.prepare(1), watched.prepare(1));
    watched.look().await;
    watched.expect(watched.units.is_empty(), "no unit yet");
    watched.expect(one.id != two.id && one.token != two.token, "two launches with names of their own");
    watched.finish().await;
}

/// Units of a launch are listed, under its name, and come to run.
pub async fn launched_units_are_listed(fixture: &dyn Fixture) {
    let mut watched = Watched::new("launched_units_are_listed", fixture).await;
    let first = watched.running(1).await;
    let count = 3.min(watched.provider.info().largest_batch.get());
    let launch = watched.prepare(count);
    watched.launch(&launch).await;
    watched
        .until("all to run", |watched| {
            watched.units.len() == 1 + count as usize
                && watched.units.values().all(|unit| unit.state == UnitState::Running)
        })
        .await;
    let of_second = watched.units.values().filter(|unit| unit.launch.as_ref() == Some(&launch.id)).count();
    watched.expect(of_second == count as usize, "each unit under the name of its launch");
    watched.expect(watched.units.contains_key(&first[0]), "the first unit to stay");
    let matches: BTreeSet<String> = watched.units.values().map(|unit| format!("{:?}", unit.workers)).collect();
    watched.expect(matches.len() == watched.units.len(), "workers that tell the units apart");
    watched.finish().await;
}

/// The same launch again brings no further unit.
pub async fn a_repeated_launch_is_the_same_request(fixture: &dyn Fixture) {
    let mut watched = Watched::new("a_repeated_launch_is_the_same_request", fixture).await;
    if watched.provider.info().idempotent {
        let launch = watched.prepare(1);
        for _ in 0..3 {
            watched.launch(&launch).await;
        }
        watched.until("it to run", |watched| watched.units.values().any(|unit| unit.state == UnitState::Running)).await;
        watched.expect(watched.units.len() == 1, "one unit of one launch");
    }
    watched.finish().await;
}

/// A unit that dies is told as gone, once, and as not asked to go.
pub async fn a_killed_unit_is_told_as_gone_once(fixture: &dyn Fixture) {
    let mut watched = Watched::new("a_killed_unit_is_told_as_gone_once", fixture).await;
    let units = watched.running(2).await;
    fixture.kill(&units[0]).await;
    let exit = watched.end_of(&units[0]).await;
    watched.expect(!exit.asked, "an end that nobody asked for");
    watched.expect(exit.is_crash(), "an end that counts as a crash");
    watched.expect(watched.units.contains_key(&units[1]), "the other unit to stay");
    watched.finish().await;
}

/// A unit that is ended is told as gone, once, and as asked to go.
pub async fn an_ended_unit_is_told_as_asked(fixture: &dyn Fixture) {
    let mut watched = Watched::new("an_ended_unit_is_told_as_asked", fixture).await;
    let units = watched.running(2).await;
    let answer = watched.ask(&units[0], Stop::Now).await;
    watched.expect(matches!(answer, Ok(StopAnswer::Accepted)), "an end that is accepted");
    let exit = watched.end_of(&units[0]).await;
    watched.expect(exit.asked, "an end that was asked for");
    watched.expect(watched.units.contains_key(&units[1]), "the other unit to stay");
    watched.finish().await;
}

/// Each unit that is asked gets its answer, and one that nobody knows is not found.
pub async fn questions_are_answered_one_by_one(fixture: &dyn Fixture) {
    let mut watched = Watched::new("questions_are_answered_one_by_one", fixture).await;
    let known = watched.running(2).await;
    let asked = [known[0].clone(), UnitId::from("nobody"), known[1].clone()];
    let answers = watched.provider.stop(&asked, Stop::Now).await;
    let answered: BTreeSet<&UnitId> = answers.iter().map(|(unit, _)| unit).collect();
    watched.expect(answers.len() == 3 && answered == asked.iter().collect(), "one answer for each unit");
    for (unit, answer) in &answers {
        let is_known = known.contains(unit);
        let is_right = match answer {
            Ok(answer) => is_known && *answer == StopAnswer::Accepted,
            Err(error) => !is_known && error.kind() == ErrorKind::NotFound,
        };
        watched.expect(is_right, &format!("the right answer of {unit}, not {answer:?}"));
    }
    watched.until("both to be gone", |watched| watched.units.is_empty()).await;
    watched.finish().await;
}

/// An idle unit leaves when it is asked to, or says that it cannot be asked.
pub async fn an_idle_unit_leaves_when_asked(fixture: &dyn Fixture) {
    let mut watched = Watched::new("an_idle_unit_leaves_when_asked", fixture).await;
    let units = watched.running(1).await;
    match watched.ask(&units[0], Stop::IfIdle).await {
        Ok(StopAnswer::Accepted) => {
            let exit = watched.end_of(&units[0]).await;
            watched.expect(exit.asked && !exit.is_crash(), "an end that was asked for");
        }
        Ok(StopAnswer::Unsupported) => watched.expect(watched.units.len() == 1, "it to stay"),
        other => watched.expect(false, &format!("accepted or unsupported, not {other:?}")),
    }
    watched.finish().await;
}

/// Taking back what was not asked does no harm.
pub async fn a_resume_does_no_harm(fixture: &dyn Fixture) {
    let mut watched = Watched::new("a_resume_does_no_harm", fixture).await;
    let units = watched.running(1).await;
    let answer = watched.ask(&units[0], Stop::Resume).await;
    watched.expect(answer.is_ok(), "an answer");
    watched.look().await;
    watched.expect(watched.units.get(&units[0]).is_some_and(|unit| unit.state == UnitState::Running), "it to run on");
    watched.finish().await;
}

/// An idle unit that hands back leaves, or says that it cannot hand back.
pub async fn a_hand_back_of_an_idle_unit_ends_it(fixture: &dyn Fixture) {
    let mut watched = Watched::new("a_hand_back_of_an_idle_unit_ends_it", fixture).await;
    let units = watched.running(1).await;
    match watched.ask(&units[0], Stop::HandBack(Duration::from_secs(60))).await {
        Ok(StopAnswer::Accepted) => {
            let exit = watched.end_of(&units[0]).await;
            watched.expect(exit.asked && !exit.is_crash(), "an end that was asked for");
        }
        Ok(StopAnswer::Unsupported) => watched.expect(watched.units.len() == 1, "it to stay"),
        other => watched.expect(false, &format!("accepted or unsupported, not {other:?}")),
    }
    watched.finish().await;
}

/// Starts and deaths tick, so that nobody has to poll.
pub async fn changes_are_told(fixture: &dyn Fixture) {
    let mut watched = Watched::new("changes_are_told", fixture).await;
    let mut changed = watched.provider.changed();
    changed.mark_unchanged();
    let units = watched.running(1).await;
    watched.expect(changed.has_changed().unwrap_or(false), "a tick for a start");
    changed.mark_unchanged();
    fixture.kill(&units[0]).await;
    if fixture.tells_accidents() {
        let ticked = tokio::time::timeout(fixture.patience(), changed.changed()).await;
        watched.expect(ticked.is_ok(), "a tick for a death");
    }
    watched.end_of(&units[0]).await;
    watched.finish().await;
}
