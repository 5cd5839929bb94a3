//! Tasks, counted by what they need.

use std::collections::BTreeMap;

use foldhash::HashMap;

use super::by_names::ByNames;
use crate::{Capabilities, TaskId};

/// The tasks that a scheduler knows, grouped by the names of the capabilities that they need.
///
/// Adding and removing cost O(log tasks); what a decision asks for costs O(groups).
#[derive(Clone, Debug, Default)]
pub struct Demand {
    tasks: HashMap<TaskId, Known>,
    groups: HashMap<ByNames, Group>,
    arrivals: u64,
    total: u64,
}

/// Where a task is found again.
#[derive(Clone, Debug)]
struct Known {
    arrival: u64,
    capabilities: Capabilities,
}

/// Tasks that need the same capabilities by name, the oldest first.
#[derive(Clone, Debug, Default)]
struct Group {
    tasks: BTreeMap<u64, (Capabilities, u32)>,
    count: u64,
}

/// What the tasks of one group need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need<'a> {
    /// Capabilities of the group's oldest task; the others need the same by name, perhaps in other quantities.
    pub capabilities: &'a Capabilities,
    /// Tasks of the group.
    pub tasks: u64,
}

impl Group {
    fn need(&self) -> Option<Need<'_>> {
        let (capabilities, _) = self.tasks.values().next()?;
        Some(Need { capabilities, tasks: self.count })
    }
}

impl Demand {
    /// Adds `count` tasks that come and go together under one id. For an id that is there already, what it needs is
    /// replaced; it keeps its age. None at all is nothing to keep.
    pub(super) fn add(&mut self, task: TaskId, capabilities: Capabilities, count: u32) {
        let before = self.remove(&task);
        if count == 0 {
            return;
        }
        let arrival = before.unwrap_or_else(|| {
            self.arrivals += 1;
            self.arrivals
        });
        let group = self.groups.entry(ByNames(capabilities.clone())).or_default();
        group.tasks.insert(arrival, (capabilities.clone(), count));
        group.count += u64::from(count);
        self.total += u64::from(count);
        self.tasks.insert(task, Known { arrival, capabilities });
    }

    /// Takes them away again; the number of their arrival, if they were there.
    pub(super) fn remove(&mut self, task: &TaskId) -> Option<u64> {
        let Known { arrival, capabilities } = self.tasks.remove(task)?;
        let key = ByNames(capabilities);
        if let Some(group) = self.groups.get_mut(&key)
            && let Some((_, count)) = group.tasks.remove(&arrival)
        {
            group.count -= u64::from(count);
            self.total -= u64::from(count);
            if group.tasks.is_empty() {
                self.groups.remove(&key);
            }
        }
        Some(arrival)
    }

    /// All tasks.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// How many groups there are.
    #[must_use]
    pub fn kinds(&self) -> usize {
        self.groups.len()
    }

    /// Whether some task needs the same by name.
    #[must_use]
    pub fn has_kind(&self, capabilities: &Capabilities) -> bool {
        self.groups.contains_key(&ByNames(capabilities.clone()))
    }

    /// What they need, by group; the group with the oldest task first.
    #[must_use]
    pub fn needs(&self) -> Vec<Need<'_>> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_unstable_by_key(|group| group.tasks.keys().next().copied());
        groups.into_iter().filter_map(Group::need).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(tasks: &[(&str, &str, u32)]) -> Demand {
        let mut demand = Demand::default();
        for (task, capabilities, count) in tasks {
            demand.add(TaskId::from(*task), capabilities.parse().unwrap(), *count);
        }
        demand
    }

    fn told(demand: &Demand) -> Vec<(String, u64)> {
        demand.needs().iter().map(|need| (need.capabilities.to_string(), need.tasks)).collect()
    }

    #[test]
    fn groups_by_name_and_tells_what_the_oldest_needs() {
        let mut demand = demand(&[("a", "gpu=2", 1), ("b", "", 3), ("c", "gpu", 4), ("d", "gpu,linux", 1)]);
        assert_eq!(demand.total(), 9);
        assert_eq!(told(&demand), [("gpu=2".into(), 5), (String::new(), 3), ("gpu,linux".into(), 1)]);
        // The next oldest speaks for the group, and its age counts.
        assert_eq!(demand.remove(&TaskId::from("a")), Some(1));
        assert_eq!(told(&demand), [(String::new(), 3), ("gpu".into(), 4), ("gpu,linux".into(), 1)]);
        assert_eq!(demand.remove(&TaskId::from("a")), None);
    }

    #[test]
    fn a_task_that_is_told_again_is_one_task() {
        let mut demand = demand(&[("a", "gpu", 1), ("b", "linux", 1), ("a", "windows", 2)]);
        assert_eq!((demand.total(), told(&demand)), (3, vec![("windows".into(), 2), ("linux".into(), 1)]));
        demand.add(TaskId::from("a"), Capabilities::default(), 0);
        demand.add(TaskId::from("c"), Capabilities::default(), 0);
        demand.remove(&TaskId::from("b"));
        assert!(demand.total() == 0 && demand.groups.is_empty() && demand.tasks.is_empty());
    }
}
