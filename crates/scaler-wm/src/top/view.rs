//! What is known, and what the keys have made of it.

use std::collections::HashMap;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use scaler_wm_control::v1;

use super::{
    ask::{Asked, News, Round},
    history::{History, Sample},
};

/// The parts that are scrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    #[default]
    Units,
    Why,
    Events,
}

impl Pane {
    pub(super) const ALL: [Self; 3] = [Self::Units, Self::Why, Self::Events];

    fn after(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

/// By what units are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Those on their way in or out first, then busy ones, then those with nothing to do.
    #[default]
    State,
    /// The most first.
    Tasks,
    /// The youngest first.
    Age,
    Name,
}

impl Order {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Tasks => "tasks",
            Self::Age => "age",
            Self::Name => "name",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::State => Self::Tasks,
            Self::Tasks => Self::Age,
            Self::Age => Self::Name,
            Self::Name => Self::State,
        }
    }

    /// Sorts. The names decide between equals, so that nothing jumps about.
    fn sort(self, units: &mut [v1::Unit]) {
        let youngest = |unit: &v1::Unit| std::cmp::Reverse(unit.since_ms);
        units.sort_by(|one, other| {
            let by_key = match self {
                Self::State => rank(one)
                    .cmp(&rank(other))
                    .then_with(|| other.tasks.cmp(&one.tasks))
                    .then_with(|| youngest(one).cmp(&youngest(other))),
                Self::Tasks => (other.tasks, other.queued).cmp(&(one.tasks, one.queued)),
                Self::Age => youngest(one).cmp(&youngest(other)),
                Self::Name => std::cmp::Ordering::Equal,
            };
            by_key.then_with(|| one.unit.cmp(&other.unit))
        });
    }
}

fn rank(unit: &v1::Unit) -> u8 {
    match unit.state() {
        v1::UnitState::Stopping => 0,
        v1::UnitState::Draining => 1,
        v1::UnitState::Starting => 2,
        v1::UnitState::Up => 3,
        v1::UnitState::Unspecified => 4,
        v1::UnitState::Busy => 5,
        v1::UnitState::Running => 6,
        v1::UnitState::Idle => 7,
    }
}

/// What is to be done after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    GoOn,
    End,
    /// Stop, as Ctrl-Z does elsewhere.
    Stop,
}

/// All that a picture is made of.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The last answer about each manager.
    rounds: HashMap<String, Round>,
    /// How all managers stood last, and when.
    pub(super) status: v1::GetStatusResponse,
    pub(super) at: u64,
    histories: HashMap<String, History>,
    /// Since when nobody answers, and why.
    pub(super) gone: Option<(u64, String)>,
    /// The manager that is looked at; empty for the first one.
    selected: String,
    pub(super) pane: Pane,
    pub(super) order: Order,
    pub(super) is_paused: bool,
    pub(super) is_help: bool,
    /// The first line that is seen of each part.
    pub(super) offsets: [usize; 3],
    /// Lines of which each part has room; for the next page.
    pub(super) rooms: [usize; 3],
}

impl View {
    /// What is to be asked for it.
    pub(super) fn asks(&self) -> Asked {
        Asked { manager: self.selected.clone(), is_paused: self.is_paused }
    }

    /// Takes what was told.
    pub(super) fn hear(&mut self, news: News) {
        let mut round = match news {
            News::Told(round) => *round,
            News::Gone(why) => {
                let since = self.gone.take().map_or_else(crate::ctl::now, |(since, _)| since);
                self.gone = Some((since, why));
                return;
            }
        };
        self.gone = None;
        for manager in &round.status.managers {
            let sample = Sample { desired: manager.desired, observed: manager.observed };
            self.histories.entry(manager.manager.clone()).or_default().add(round.at, sample);
        }
        // Managers that are not there any more leave nothing behind.
        let is_there = |id: &String| round.status.managers.iter().any(|manager| manager.manager == *id);
        self.rounds.retain(|id, _| is_there(id));
        self.histories.retain(|id, _| is_there(id));
        if !is_there(&self.selected) {
            self.selected.clone_from(&round.manager);
        }
        self.order.sort(&mut round.units);
        self.at = round.at;
        self.status = std::mem::take(&mut round.status);
        self.rounds.insert(round.manager.clone(), round);
    }

    /// All managers, and the number of the one that is looked at.
    pub(super) fn managers(&self) -> (&[v1::ManagerStatus], usize) {
        let managers = &*self.status.managers;
        let at = managers.iter().position(|manager| manager.manager == self.selected);
        (managers, at.unwrap_or(0))
    }

    /// How the one that is looked at stands.
    pub(super) fn manager(&self) -> Option<&v1::ManagerStatus> {
        let (managers, at) = self.managers();
        managers.get(at)
    }

    /// The last answer about the manager that is looked at, if there has been one.
    pub(super) fn round(&self) -> Option<&Round> {
        self.rounds.get(&self.selected)
    }

    pub(super) fn history(&self) -> Option<&History> {
        self.histories.get(&self.selected)
    }

    /// Does what a key says.
    pub(super) fn does(&mut self, event: &Event) -> Does {
        let Event::Key(key) = event else { return Does::GoOn };
        if key.kind == KeyEventKind::Release {
            return Does::GoOn;
        }
        self.pressed(key)
    }

    fn pressed(&mut self, key: &KeyEvent) -> Does {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c') => return Does::End,
                KeyCode::Char('z') => return Does::Stop,
                KeyCode::Char('b') => self.scroll(-self.page()),
                KeyCode::Char('f') => self.scroll(self.page()),
                _ => {}
            }
            return Does::GoOn;
        }
        // With the help over everything, any other key takes it away.
        if self.is_help {
            self.is_help = false;
            return if key.code == KeyCode::Char('q') { Does::End } else { Does::GoOn };
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Does::End,
            KeyCode::Char('?' | 'h') => self.is_help = true,
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Char('s') => {
                self.order = self.order.next();
                if let Some(round) = self.rounds.get_mut(&self.selected) {
                    self.order.sort(&mut round.units);
                }
            }
            KeyCode::Tab => self.pane = self.pane.after(1),
            KeyCode::BackTab => self.pane = self.pane.after(Pane::ALL.len() - 1),
            KeyCode::Left => self.select(-1),
            KeyCode::Right => self.select(1),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(-1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll(1),
            KeyCode::PageUp => self.scroll(-self.page()),
            KeyCode::PageDown => self.scroll(self.page()),
            KeyCode::Home | KeyCode::Char('g') => self.offsets[self.pane as usize] = 0,
            // The picture knows where the end is.
            KeyCode::End | KeyCode::Char('G') => self.offsets[self.pane as usize] = usize::MAX,
            _ => {}
        }
        Does::GoOn
    }

    fn page(&self) -> isize {
        isize::try_from(self.rooms[self.pane as usize].saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn scroll(&mut self, lines: isize) {
        let offset = &mut self.offsets[self.pane as usize];
        *offset = offset.saturating_add_signed(lines);
    }

    fn select(&mut self, steps: isize) {
        let (managers, at) = self.managers();
        let Some(last) = managers.len().checked_sub(1) else { return };
        let at = match at.checked_add_signed(steps) {
            Some(at) if at <= last => at,
            Some(_) => 0,
            None => last,
        };
        let selected = managers[at].manager.clone();
        if selected != self.selected {
            self.selected = selected;
            self.offsets = [0; 3];
        }
    }
}
