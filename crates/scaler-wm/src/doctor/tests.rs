//! Comparisons, without anything out there.

use std::{collections::BTreeSet, num::NonZeroU32, time::Duration};

use bytes::Bytes;
use scaler_wm_core::{
    Entry, InventoryInfo, Launch, LaunchId, ManagerId, OnRecord, Receipt, Role, Settled, TaskEntry, TaskId, Thing,
    Tier, Timestamp, Token, UnitId,
};

use super::{
    compare::{Facts, Finding, State, Subject, compare},
    print::spell,
};

const NOW: Timestamp = Timestamp::from_millis(100_000_000);
const LAG: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);

/// A world with one manager, `m`.
#[derive(Default)]
struct World {
    things: Vec<Thing>,
    record: OnRecord,
    is_running: bool,
    has_failed: bool,
    deleted: BTreeSet<String>,
}

impl World {
    fn thing(mut self, role: Role, name: &str) -> Self {
        let manager = Some(ManagerId::from("m"));
        let (what, name) = ("thing", name.to_owned());
        self.things.push(Thing { role, what, name, manager, launch: None, since: None, is_in_use: false });
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Thing)) -> Self {
        change(self.things.last_mut().expect("a thing"));
        self
    }

    /// A launch of that age; with the units that it brought, if that is known.
    fn launch(mut self, id: &str, age: Duration, units: Option<&[&str]>) -> Self {
        let launch = Launch {
            id: LaunchId::from(id),
            token: Token::from(id),
            count: NonZeroU32::MIN,
            tier: Tier::default(),
            at: NOW - age,
            spec: Bytes::new(),
        };
        let settled =
            |units: &[&str]| Settled { units: units.iter().map(|unit| UnitId::from(*unit)).collect(), missing: 0 };
        self.record.launches.push(Entry { launch, receipt: None, settled: units.map(settled), settled_at: None });
        self
    }

    fn task(mut self, name: &str, home: Option<&'static str>) -> Self {
        self.record
            .tasks
            .get_or_insert_default()
            .push(TaskEntry { task: TaskId::from(name), handle: home.map(Bytes::from_static_str) });
        self
    }

    fn running(self) -> Self {
        Self { is_running: true, ..self }
    }

    fn findings(&self) -> Vec<Finding> {
        compare(&Facts {
            manager: &ManagerId::from("m"),
            is_running: self.is_running,
            info: InventoryInfo { repeatable_for: 12 * HOUR, list_lag: LAG },
            record: &self.record,
            things: &self.things,
            is_whole: !self.has_failed,
            runs: &|handle| String::from_utf8(handle.to_vec()).ok(),
            deleted: &self.deleted,
            now: NOW,
        })
    }

    /// Name, state, and whether it can go.
    fn told(&self) -> Vec<(String, State, bool)> {
        let name = |finding: &Finding| match &finding.subject {
            Subject::Thing(thing) => thing.name.clone(),
            Subject::Launch(launch) => launch.id.to_string(),
            Subject::Tasks(tasks) => format!("{} tasks", tasks.len()),
        };
        self.findings().iter().map(|finding| (name(finding), finding.state, finding.can_go)).collect()
    }
}

trait StaticBytes {
    fn from_static_str(text: &'static str) -> Bytes;
}

impl StaticBytes for Bytes {
    fn from_static_str(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }
}

fn is(name: &str, state: State, can_go: bool) -> (String, State, bool) {
    (name.to_owned(), state, can_go)
}

fn open(left: Option<Duration>) -> State {
    State::Open { repeatable_for: left, has_receipt: false }
}

#[test]
fn units_are_managed_while_a_manager_runs_that_has_them_on_record() {
    let world = || World::default().thing(Role::Unit, "a").thing(Role::Unit, "b").launch("l", HOUR, Some(&["a"]));
    let told = world().running().told();
    assert_eq!(told, [is("a", State::Managed, false), is("b", State::Unmanaged, true)]);
    let told = world().told();
    assert_eq!(told, [is("a", State::Waiting, true), is("b", State::Unmanaged, true)]);
}

#[test]
fn a_unit_that_bears_its_launch_is_on_record_before_its_launch_is_settled() {
    let world = World::default().thing(Role::Unit, "a").with(|thing| thing.launch = Some(LaunchId::from("l")));
    let world = world.launch("l", Duration::ZERO, None).running();
    assert_eq!(world.told()[0], is("a", State::Managed, false));
    let world = World { is_running: false, ..world };
    assert_eq!(world.told(), [is("a", State::Waiting, true), is("l", open(Some(12 * HOUR)), false)]);
}

#[test]
fn what_bears_another_name_or_none_is_told_and_never_goes() {
    for manager in [None, Some(ManagerId::from("n"))] {
        for role in [Role::Unit, Role::Task, Role::Temporary, Role::Leftover] {
            for is_running in [false, true] {
                let world = World::default().thing(role, "a").with(|thing| thing.manager.clone_from(&manager));
                let mut world = World { is_running, ..world };
                world.record.tasks = Some(Vec::new());
                assert!(world.findings().len() == 1 && !world.findings()[0].can_go, "{:?}", world.told());
                assert!(role >= Role::Temporary || world.told()[0].1 == State::Foreign, "{:?}", world.told());
            }
        }
    }
}

#[test]
fn what_units_stand_on_goes_behind_them_and_stays_with_a_manager_that_runs() {
    let world = || {
        let world = World::default().thing(Role::Temporary, "group").with(|thing| thing.is_in_use = true);
        world.thing(Role::Temporary, "key").thing(Role::Unit, "a")
    };
    let told = world().told();
    let wanted = [is("a", State::Unmanaged, true), is("group", State::InUse, true), is("key", State::Unused, true)];
    assert_eq!(told, wanted);
    let told = world().running().told();
    let wanted = [is("a", State::Unmanaged, true), is("group", State::InUse, false), is("key", State::InUse, false)];
    assert_eq!(told, wanted);
}

#[test]
fn what_an_open_launch_may_need_goes_when_nothing_can_come_of_it_any_more() {
    for (age, can_go) in [(LAG / 2, false), (LAG, true)] {
        let world = World::default().thing(Role::Temporary, "key").launch("l", age, None);
        assert_eq!(world.told()[0], is("key", State::Needed, can_go), "{age:?}");
        assert_eq!(world.told()[1].2, can_go, "{age:?}");
    }
}

#[test]
fn an_open_launch_tells_whether_it_can_be_repeated() {
    for (age, left) in [(HOUR, Some(11 * HOUR)), (12 * HOUR, None), (13 * HOUR, None)] {
        assert_eq!(World::default().launch("l", age, None).told(), [is("l", open(left), true)]);
    }
    let running = World::default().launch("l", HOUR, None).running();
    assert_eq!(running.told(), [is("l", open(Some(11 * HOUR)), false)]);
    assert!(!running.findings()[0].state.is_amiss(true));
    let mut promised = World::default().launch("l", HOUR, None);
    promised.record.launches[0].receipt = Some(Receipt(Bytes::new()));
    assert!(matches!(promised.findings()[0].state, State::Open { has_receipt: true, .. }));
}

#[test]
fn a_record_whose_units_are_gone_goes_unless_some_may_have_been_overlooked() {
    let world = |age| World::default().launch("l", age, Some(&["a"]));
    assert_eq!(world(HOUR).told(), [is("l", State::Spent, true)]);
    assert_eq!(world(LAG / 2).told(), [is("l", State::Spent, false)]);
    assert_eq!(World { has_failed: true, ..world(HOUR) }.told(), [is("l", State::Spent, false)]);
    // A unit that we have deleted ourselves is not overlooked.
    let deleted = BTreeSet::from(["a".to_owned()]);
    assert_eq!(World { deleted, ..world(LAG / 2) }.told(), [is("l", State::Spent, true)]);
    // A manager that runs may have units that nobody else sees.
    assert_eq!(world(HOUR).running().told(), []);
}

#[test]
fn tasks_are_found_by_what_their_record_names() {
    let world = || {
        let world = World::default().thing(Role::Task, "job-1").thing(Role::Task, "job-2");
        world.task("t1", Some("job-1")).task("t2", Some("job-3")).task("t3", None)
    };
    let told = world().told();
    let wanted =
        [is("job-1", State::Waiting, true), is("job-2", State::Unmanaged, true), is("2 tasks", State::Spent, true)];
    assert_eq!(told, wanted);
    let told = world().running().told();
    assert_eq!(told, [is("job-1", State::Managed, false), is("job-2", State::Unmanaged, true)]);
    // One that runs, and tells nothing of its tasks, keeps them all.
    let mut silent = world().running();
    silent.record.tasks = None;
    let told = silent.told();
    assert_eq!(told, [is("job-1", State::Managed, false), is("job-2", State::Managed, false)]);
}

#[test]
fn durations_are_spelled_in_two_units() {
    let seconds = [0, 59, 60, 3_599, 3_600, 42_600, 86_400, 90_000];
    let spelled = seconds.map(|seconds| spell(Duration::from_secs(seconds)));
    assert_eq!(spelled, ["0 s", "59 s", "1 min", "59 min", "1 h", "11 h 50 min", "1 d", "1 d 1 h"]);
}
