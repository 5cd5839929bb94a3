//! Launches whose outcome is not known yet.

use std::{collections::BTreeMap, time::Duration};

use super::fleet::Fleet;
use crate::{Backoff, BackoffSettings, Launch, LaunchId, OpenLaunch, ProviderInfo, Receipt, Timestamp};

/// How the wait before repeating a launch with an unknown outcome grows.
const REPEAT: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(500), longest: Duration::from_secs(30) };

/// Launches whose outcome is not known yet.
#[derive(Debug, Default)]
pub(super) struct Launches {
    open: BTreeMap<LaunchId, Entry>,
}

#[derive(Debug)]
struct Entry {
    launch: Launch,
    receipt: Option<Receipt>,
    state: State,
    backoff: Backoff,
    /// Whether some call of it may have been carried out without our knowing.
    is_uncertain: bool,
    /// Whether an earlier process prepared it, with the settings of then.
    is_adopted: bool,
}

#[derive(Debug)]
enum State {
    /// The call is under way.
    Calling,
    /// Its outcome is unknown: the same call is made again at this instant.
    RepeatAt(Timestamp),
    /// It was answered with a receipt: observation tells.
    Awaited,
}

impl Launches {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &LaunchId> {
        self.open.keys()
    }

    pub(super) fn contains(&self, launch: &LaunchId) -> bool {
        self.open.contains_key(launch)
    }

    /// A launch is about to be called.
    pub(super) fn calling(&mut self, launch: Launch, seed: u64) {
        let entry = Entry {
            receipt: None,
            state: State::Calling,
            backoff: Backoff::new(REPEAT, seed),
            is_uncertain: false,
            is_adopted: false,
            launch,
        };
        self.open.insert(entry.launch.id.clone(), entry);
    }

    /// A launch of an earlier process whose outcome is unknown.
    pub(super) fn adopted(&mut self, launch: Launch, receipt: Option<Receipt>, seed: u64, now: Timestamp) {
        let state = if receipt.is_some() { State::Awaited } else { State::RepeatAt(now) };
        let backoff = Backoff::new(REPEAT, seed);
        let entry = Entry { receipt, state, backoff, is_uncertain: true, is_adopted: true, launch };
        self.open.insert(entry.launch.id.clone(), entry);
    }

    /// Whether a launch has been tried more than once in vain.
    pub(super) fn is_in_trouble(&self) -> bool {
        self.open.values().any(|entry| entry.backoff.failures() > 1)
    }

    /// Whether some call of a launch may have been carried out without our knowing.
    pub(super) fn is_uncertain(&self, launch: &LaunchId) -> bool {
        self.open.get(launch).is_some_and(|entry| entry.is_uncertain)
    }

    /// Whether an earlier process prepared it.
    pub(super) fn is_adopted(&self, launch: &LaunchId) -> bool {
        self.open.get(launch).is_some_and(|entry| entry.is_adopted)
    }

    /// The outcome is unknown; returns how long to wait, `at_least` or longer, before the call is repeated.
    pub(super) fn unknown(&mut self, launch: &LaunchId, at_least: Duration, now: Timestamp) -> Option<Duration> {
        let entry = self.open.get_mut(launch)?;
        entry.is_uncertain = true;
        let wait = entry.backoff.failed().max(at_least);
        entry.state = State::RepeatAt(now + wait);
        Some(wait)
    }

    /// Units will follow.
    pub(super) fn awaited(&mut self, launch: &LaunchId, receipt: Receipt) {
        if let Some(entry) = self.open.get_mut(launch) {
            entry.receipt = Some(receipt);
            entry.state = State::Awaited;
        }
    }

    /// The outcome is known; returns the launch.
    pub(super) fn settled(&mut self, launch: &LaunchId) -> Option<Launch> {
        self.open.remove(launch).map(|entry| entry.launch)
    }

    /// Launches that are due to be called again; they count as being called from here on.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<Launch> {
        self.open
            .values_mut()
            .filter(|entry| matches!(entry.state, State::RepeatAt(at) if at <= now))
            .map(|entry| {
                entry.state = State::Calling;
                entry.launch.clone()
            })
            .collect()
    }

    /// Launches that are due to be called again, and may not be any more: their outcome stays unknown.
    pub(super) fn take_too_old(&mut self, info: &ProviderInfo, now: Timestamp) -> Vec<Launch> {
        let is_too_old = |entry: &mut Entry| {
            matches!(entry.state, State::RepeatAt(at) if at <= now) && !info.may_repeat(&entry.launch, now)
        };
        self.open.extract_if(.., |_, entry| is_too_old(entry)).map(|(_, entry)| entry.launch).collect()
    }

    /// When the next launch is due to be called again.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.open
            .values()
            .filter_map(|entry| match entry.state {
                State::RepeatAt(at) => Some(at),
                State::Calling | State::Awaited => None,
            })
            .min()
    }

    /// Units that may still come, beyond those of the same launches that are there already.
    pub(super) fn outstanding(&self, fleet: &Fleet) -> u32 {
        self.open
            .values()
            .map(|entry| entry.launch.count.get().saturating_sub(fleet.count_of(&entry.launch.id)))
            .fold(0, u32::saturating_add)
    }

    /// For the provider to look at.
    pub(super) fn to_observe(&self) -> Vec<OpenLaunch> {
        self.open
            .values()
            .map(|entry| OpenLaunch { launch: entry.launch.clone(), receipt: entry.receipt.clone() })
            .collect()
    }
}
