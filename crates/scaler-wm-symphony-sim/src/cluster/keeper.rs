//! What an earlier process has left: found when the folder is taken, and watched until it has ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::Arc,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::Pid,
};

use super::{
    Inner, service,
    sessions::{is_recoverable, kill},
    state::{Phase, Session, State, Worker},
    store::{self, Place, Store},
    tasks::Outcome,
};

/// How often we look: at the file with faults, and whether what we have not started has ended.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Everything that the folder has. Sessions that do not outlive their client are ended.
pub(super) fn load(store: &Store) -> io::Result<State> {
    // Before the answers are looked for: an instance that has ended has left its answer by then.
    let instances = living(store)?;
    let mut state = State::default();
    let mut over = Vec::new();
    for (number, facts) in store.sessions()? {
        let tasks = store.tasks(number)?;
        if !is_recoverable(&facts.kind) {
            over.push(number);
        }
        let session = Session { facts, last_task: 0, tasks: BTreeMap::new(), attachment: None };
        state.sessions.insert(number, session);
        for task in tasks {
            state.add((number, task.number), task.tag, if task.ended { Phase::Ended } else { Phase::Queued });
        }
    }
    let mut running = BTreeSet::new();
    for (path, pid, place) in instances {
        let place = place.filter(|place| state.task_mut(*place).is_some_and(|task| task.phase == Phase::Queued));
        let application = place.and_then(|place| state.sessions.get(&place.0)).map(|it| it.facts.application.clone());
        let application = application.unwrap_or_default();
        let worker = state.number();
        let entry = Worker { application, pid: Some(pid), task: None, killed: false, adopted: Some(path) };
        state.workers.insert(worker, entry);
        if let Some(place) = place {
            state.assign(worker, place);
            running.insert(place);
            if over.contains(&place.0) {
                kill(&mut state, worker);
            }
        }
    }
    for number in over {
        state.sessions.remove(&number);
        store.remove(number)?;
    }
    let waiting = state.sessions.iter().flat_map(|(number, session)| {
        let queued = session.tasks.iter().filter(|(_, task)| task.phase == Phase::Queued);
        queued.map(|(task, _)| (*number, *task))
    });
    let waiting: Vec<Place> = waiting.filter(|place| !running.contains(place)).collect();
    waiting.into_iter().for_each(|place| state.queue(place));
    Ok(state)
}

/// The instances that live; what others have left is removed.
fn living(store: &Store) -> io::Result<Vec<(PathBuf, Pid, Option<Place>)>> {
    let mut all = Vec::new();
    for path in store.instances()? {
        match store::owner(&path) {
            Some(pid) => {
                let place = store::assigned(&path);
                all.push((path, pid, place));
            }
            None => store::bury(&path),
        }
    }
    Ok(all)
}

/// Looks now and then, until we are to end.
pub(super) fn keep(inner: &Arc<Inner>) {
    loop {
        let mut stop = [PollFd::new(&inner.stopped, PollFlags::IN)];
        if poll(&mut stop, Some(&LOOK)).is_ok_and(|count| count > 0) {
            return;
        }
        inner.faults.refresh();
        service::reap();
        for (worker, path, place) in adopted(inner) {
            if store::owner(&path).is_some() {
                continue;
            }
            store::bury(&path);
            let answered = place.is_some_and(|place| inner.store.has_answer(place));
            inner.settle(worker, if answered { &Outcome::Answered } else { &Outcome::Died });
            let gone = inner.state().workers.remove(&worker);
            if let Some(gone) = gone {
                // Its task may be one to try again, with nobody there to do so.
                inner.staff(&gone.application);
            }
        }
    }
}

fn adopted(inner: &Inner) -> Vec<(u64, PathBuf, Option<Place>)> {
    let state = inner.state();
    let all = state.workers.iter().filter_map(|(number, it)| Some((*number, it.adopted.clone()?, it.task)));
    all.collect()
}
