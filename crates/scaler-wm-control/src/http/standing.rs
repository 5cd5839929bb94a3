//! What the status page shows: how every manager stands, as `ctl --json` tells it, and what happened.

use serde::Serialize;
use serde_json::{Result, Value, json, to_value, to_vec};

use super::{history::History, tag::tag_of};
use crate::{Managed, convert};

/// Units that are told one by one, in the order of their names; how many there are is told besides.
const UNITS: usize = 100;
/// Decisions that are told, newest first.
const DECISIONS: usize = 20;
/// Events that are told, oldest first.
const EVENTS: usize = 50;
/// Several managers share those numbers, but so many are told of each.
const FEWEST: usize = 5;
/// Letters of one text, such as what an infrastructure says of a failure.
const LETTERS: usize = 600;
/// Entries of any other list, such as places without capacity.
const ENTRIES: usize = 100;

/// How every manager stands at one instant.
pub(super) struct Standing {
    /// The same for as long as nothing has happened.
    pub(super) tag: String,
    answer: Value,
    /// What goes on changing while nothing happens, by manager.
    lags: Vec<Value>,
}

impl Standing {
    pub(super) fn of(managers: &[Managed], version: &str) -> Result<Self> {
        let mut answer = to_value(convert::standing(managers))?;
        answer["version"] = version.into();
        let mut lags = Vec::new();
        for (told, managed) in answer["managers"].as_array_mut().into_iter().flatten().zip(managers) {
            add_details(told, managed, managers.len())?;
            lags.push(told["link"]["heartbeat_lag_seconds"].take());
        }
        shorten(&mut answer);
        Ok(Self { tag: tag_of(&to_vec(&answer)?), answer, lags })
    }

    /// The whole answer.
    ///
    /// What is not in the tag comes in here. A history that is older than the rest misses nothing: had there been a
    /// change, the rest would have changed.
    pub(super) fn into_json(mut self, history: &History) -> Result<Vec<u8>> {
        for (told, lag) in self.answer["managers"].as_array_mut().into_iter().flatten().zip(self.lags) {
            told["link"]["heartbeat_lag_seconds"] = lag;
            told["history"] = to_value(history.changes_of(told["manager"].as_str().unwrap_or_default()))?;
        }
        self.answer["now_ms"] = convert::now().as_millis().into();
        to_vec(&self.answer)
    }
}

/// What is told of a manager beside its status.
fn add_details(told: &mut Value, managed: &Managed, managers: usize) -> Result<()> {
    let share = |most: usize| (most / managers).max(FEWEST);
    let Managed { control, .. } = managed;
    let (status, place) = (control.status(), control.place());
    let explanation = convert::explanation(managed);
    let decisions = &explanation.decisions;
    told["explain"] =
        json!({"now": explanation.now, "not_more": explanation.not_more, "not_fewer": explanation.not_fewer});
    told["decisions"] = list(decisions.iter().take(share(DECISIONS)))?;
    let mut units: Vec<_> = status.units.iter().collect();
    units.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    told["units_total"] = units.len().into();
    told["units"] = list(units.into_iter().take(share(UNITS)).map(|unit| convert::unit(unit, &place)))?;
    let events = control.events().latest(share(EVENTS));
    told["events"] = list(events.iter().map(|event| convert::event(control.manager().as_str(), event)))?;
    told["not_ready"] = super::why_not_ready(control).into();
    Ok(())
}

fn list<T: Serialize>(entries: impl Iterator<Item = T>) -> Result<Value> {
    to_value(entries.collect::<Vec<_>>())
}

/// Cuts what is longer than anybody reads: texts come from elsewhere, and the answer has to have a bound.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(LETTERS) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(entries) => {
            entries.truncate(ENTRIES);
            entries.iter_mut().for_each(shorten);
        }
        Value::Object(members) => members.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_between_letters() {
        let long = "ä".repeat(LETTERS + 1);
        let mut value = json!({"a": [long, "short"], "b": vec![1; ENTRIES + 1]});
        shorten(&mut value);
        let text = value["a"][0].as_str().unwrap();
        assert_eq!((text.chars().count(), text.ends_with("ä…")), (LETTERS + 1, true));
        assert_eq!(value["a"][1], "short");
        assert_eq!(value["b"].as_array().unwrap().len(), ENTRIES);
    }

    #[test]
    fn nobody_is_a_good_answer() {
        let (one, other) = (Standing::of(&[], "1.2.3").unwrap(), Standing::of(&[], "1.2.3").unwrap());
        assert_eq!(one.tag, other.tag);
        let answer: Value = serde_json::from_slice(&one.into_json(&History::default()).unwrap()).unwrap();
        assert_eq!(answer["managers"], json!([]));
        assert_eq!(answer["version"], "1.2.3");
        assert!(answer["now_ms"].as_u64() > Some(1_700_000_000_000));
    }
}
