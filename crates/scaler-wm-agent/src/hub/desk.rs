//! Which task is where between the agents and the executor, without any input or output.

use std::{collections::HashMap, time::Duration};

use scaler_wm_core::{Error, ErrorKind, TaskId, TaskOutcome};
use tokio::{sync::oneshot, time::Instant};

/// Whoever waits for what comes of a task.
type Waiter = oneshot::Sender<TaskOutcome>;

/// What whoever waits for a task has to do for it.
#[derive(Debug)]
pub(crate) enum Claim {
    /// Load its inputs and offer it.
    New(oneshot::Receiver<TaskOutcome>),
    /// Nothing: it has been handed over already, by an earlier process or another agent.
    Attached(oneshot::Receiver<TaskOutcome>),
    /// Nothing: it has ended already.
    Ended(TaskOutcome),
}

/// Where a task that is to be canceled was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Withdrawn {
    /// Not handed over so far: it never will be.
    InTime,
    /// Handed over.
    TooLate,
    /// Nowhere.
    Unknown,
}

#[derive(Debug)]
enum Place {
    /// Its inputs are on their way here.
    Loading(Waiter),
    /// It waits to be handed over.
    Offered(Waiter),
    /// It has been given to the executor.
    Taken(Waiter),
    /// The same, and nobody waits for it.
    Orphan { since: Instant },
    /// It has ended, and nobody has asked for it.
    Parked { since: Instant, outcome: TaskOutcome },
}

/// Every task that was asked of this process or found by it.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    places: HashMap<TaskId, Place>,
}

impl Desk {
    /// Somebody asks for a task. Whoever asked before is told that it is theirs no longer.
    pub(crate) fn claim(&mut self, task: &TaskId) -> Claim {
        let (waiter, outcome) = oneshot::channel();
        let (place, claim) = match self.places.remove(task) {
            None | Some(Place::Loading(_)) => (Place::Loading(waiter), Claim::New(outcome)),
            Some(Place::Offered(_)) => (Place::Offered(waiter), Claim::Attached(outcome)),
            Some(Place::Taken(_) | Place::Orphan { .. }) => (Place::Taken(waiter), Claim::Attached(outcome)),
            Some(Place::Parked { outcome, .. }) => return Claim::Ended(outcome),
        };
        self.places.insert(task.clone(), place);
        claim
    }

    /// A task is there from an earlier process.
    pub(crate) fn found(&mut self, task: TaskId, now: Instant) {
        self.places.entry(task).or_insert(Place::Orphan { since: now });
    }

    /// Its inputs are here; whether it is to be offered to the executor now.
    pub(crate) fn offer(&mut self, task: &TaskId) -> bool {
        self.step(task, |place| match place {
            Place::Loading(waiter) => Ok(Place::Offered(waiter)),
            other => Err(other),
        })
    }

    /// Whether it waits to be handed over, and somebody wants that.
    pub(crate) fn is_offered(&mut self, task: &TaskId) -> bool {
        matches!(self.places.get(task), Some(Place::Offered(_)))
    }

    /// Whether anybody waits for it, or may.
    pub(crate) fn is_known(&self, task: &TaskId) -> bool {
        self.places.contains_key(task)
    }

    /// It was canceled, since its agent has left: whoever has asked for it since hands it over anew.
    pub(crate) fn dissolve(&mut self, task: &TaskId) {
        if !matches!(self.places.get(task), Some(Place::Taken(_) | Place::Orphan { .. } | Place::Parked { .. })) {
            return;
        }
        if let Some(Place::Taken(waiter)) = self.places.remove(task) {
            let left = Error::new(ErrorKind::Failed, "run a task", "the agent that had it has left");
            // Whoever waited may have gone.
            drop(waiter.send(TaskOutcome::Again(left)));
        }
    }

    /// Whether the executor has it, and has not told its end.
    pub(crate) fn is_taken(&self, task: &TaskId) -> bool {
        matches!(self.places.get(task), Some(Place::Taken(_) | Place::Orphan { .. }))
    }

    /// It is handed over now; whether anybody still wants that.
    pub(crate) fn take(&mut self, task: &TaskId) -> bool {
        self.step(task, |place| match place {
            Place::Offered(waiter) => Ok(Place::Taken(waiter)),
            other => Err(other),
        })
    }

    /// It was not taken, and will be offered again; whether anybody still wants that.
    pub(crate) fn put_back(&mut self, task: &TaskId) -> bool {
        let is_wanted = self.step(task, |place| match place {
            Place::Taken(waiter) => Ok(Place::Offered(waiter)),
            other => Err(other),
        });
        if !is_wanted && matches!(self.places.get(task), Some(Place::Orphan { .. })) {
            self.places.remove(task);
        }
        is_wanted
    }

    fn step(&mut self, task: &TaskId, step: impl FnOnce(Place) -> Result<Place, Place>) -> bool {
        let Some(place) = self.places.remove(task) else { return false };
        let (place, is_done) = match step(place) {
            Ok(place) => (place, true),
            Err(place) => (place, false),
        };
        self.places.insert(task.clone(), place);
        is_done
    }

    /// It is to be canceled.
    pub(crate) fn withdraw(&mut self, task: &TaskId) -> Withdrawn {
        match self.places.get(task) {
            None => Withdrawn::Unknown,
            Some(Place::Loading(_) | Place::Offered(_)) => {
                self.places.remove(task);
                Withdrawn::InTime
            }
            Some(_) => Withdrawn::TooLate,
        }
    }

    /// Nothing will come of it any more.
    pub(crate) fn forget(&mut self, task: &TaskId) {
        self.places.remove(task);
    }

    /// It has ended; whether anybody wants to know, now or later.
    pub(crate) fn ended(&mut self, task: TaskId, outcome: TaskOutcome, now: Instant) -> bool {
        match self.places.remove(&task) {
            None => false,
            Some(Place::Loading(waiter) | Place::Offered(waiter) | Place::Taken(waiter)) => {
                match waiter.send(outcome) {
                    Ok(()) => true,
                    // Whoever waited has ended without a word.
                    Err(outcome) => self.park(task, outcome, now),
                }
            }
            Some(Place::Orphan { .. } | Place::Parked { .. }) => self.park(task, outcome, now),
        }
    }

    fn park(&mut self, task: TaskId, outcome: TaskOutcome, now: Instant) -> bool {
        self.places.insert(task, Place::Parked { since: now, outcome });
        true
    }

    /// Whoever waited for it does so no longer; whether it runs on, and somebody else may ask for it.
    pub(crate) fn abandon(&mut self, task: &TaskId, now: Instant) -> bool {
        match self.places.get_mut(task) {
            Some(Place::Loading(_) | Place::Offered(_)) => {
                self.places.remove(task);
                false
            }
            Some(place @ Place::Taken(_)) => {
                *place = Place::Orphan { since: now };
                true
            }
            Some(Place::Orphan { .. } | Place::Parked { .. }) => true,
            None => false,
        }
    }

    /// What nobody has asked for since `limit`: those that may still run, and those that have ended.
    pub(crate) fn expire(&mut self, limit: Duration, now: Instant) -> (Vec<TaskId>, Vec<TaskId>) {
        let is_old = |since: &Instant| now.duration_since(*since) >= limit;
        let (mut running, mut ended) = (Vec::new(), Vec::new());
        self.places.retain(|task, place| match place {
            Place::Orphan { since } if is_old(since) => {
                running.push(task.clone());
                false
            }
            Place::Parked { since, .. } if is_old(since) => {
                ended.push(task.clone());
                false
            }
            _ => true,
        });
        (running, ended)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn outcome() -> TaskOutcome {
        TaskOutcome::Returned(Bytes::from_static(b"it"))
    }

    fn task() -> TaskId {
        TaskId::from("task")
    }

    #[test]
    fn a_task_goes_its_way_once() {
        let mut desk = Desk::default();
        let Claim::New(mut waiter) = desk.claim(&task()) else { panic!("it is new") };
        assert!(!desk.take(&task()), "it was not offered");
        assert!(desk.offer(&task()) && !desk.offer(&task()));
        assert!(desk.take(&task()) && !desk.take(&task()));
        assert!(desk.ended(task(), outcome(), Instant::now()));
        assert!(waiter.try_recv().is_ok());
        assert!(!desk.ended(task(), outcome(), Instant::now()), "nobody wants it again");
    }

    #[test]
    fn whoever_asks_last_gets_it_and_it_is_handed_over_once() {
        let mut desk = Desk::default();
        let Claim::New(mut first) = desk.claim(&task()) else { panic!("it is new") };
        let Claim::New(mut second) = desk.claim(&task()) else { panic!("nothing was offered so far") };
        assert!(first.try_recv().is_err());
        assert!(desk.offer(&task()), "by whoever is first");
        assert!(!desk.offer(&task()));
        assert!(desk.take(&task()));
        let Claim::Attached(mut third) = desk.claim(&task()) else { panic!("it was handed over") };
        assert!(desk.ended(task(), outcome(), Instant::now()));
        assert!(second.try_recv().is_err() && third.try_recv().is_ok());
    }

    #[test]
    fn what_was_not_handed_over_is_withdrawn_in_time() {
        let mut desk = Desk::default();
        assert_eq!(desk.withdraw(&task()), Withdrawn::Unknown);
        let Claim::New(mut waiter) = desk.claim(&task()) else { panic!("it is new") };
        desk.offer(&task());
        assert_eq!(desk.withdraw(&task()), Withdrawn::InTime);
        assert!(waiter.try_recv().is_err());
        assert!(!desk.take(&task()), "what is on its way is not handed over");
        let _waiter = desk.claim(&task());
        desk.offer(&task());
        desk.take(&task());
        assert_eq!(desk.withdraw(&task()), Withdrawn::TooLate);
    }

    #[test]
    fn what_is_abandoned_waits_for_whoever_asks_again_and_not_for_ever() {
        let mut desk = Desk::default();
        let start = Instant::now();
        let limit = Duration::from_secs(60);
        desk.found(task(), start);
        assert_eq!(desk.expire(limit, start + limit / 2), (Vec::new(), Vec::new()));
        let Claim::Attached(waiter) = desk.claim(&task()) else { panic!("it runs") };
        drop(waiter);
        desk.abandon(&task(), start + limit);
        assert!(desk.ended(task(), outcome(), start + limit), "it is kept");
        assert_eq!(desk.expire(limit, start + limit), (Vec::new(), Vec::new()));
        assert!(matches!(desk.claim(&task()), Claim::Ended(_)));

        desk.found(task(), start);
        assert_eq!(desk.expire(limit, start + limit), (vec![task()], Vec::new()));
        assert!(!desk.ended(task(), outcome(), start), "nobody wants it");
    }

    #[test]
    fn what_an_agent_takes_with_it_is_handed_over_anew_by_the_next_one() {
        let mut desk = Desk::default();
        let Claim::New(gone) = desk.claim(&task()) else { panic!("it is new") };
        desk.offer(&task());
        desk.take(&task());
        drop(gone);
        desk.abandon(&task(), Instant::now());
        let Claim::Attached(mut next) = desk.claim(&task()) else { panic!("it runs") };
        desk.dissolve(&task());
        assert!(matches!(next.try_recv(), Ok(TaskOutcome::Again(_))));
        assert!(matches!(desk.claim(&task()), Claim::New(_)));
        desk.dissolve(&task());
        assert!(desk.offer(&task()), "whoever came behind is left alone");
    }

    #[test]
    fn what_was_refused_is_offered_again_only_to_those_who_wait() {
        let mut desk = Desk::default();
        let _waiter = desk.claim(&task());
        desk.offer(&task());
        desk.take(&task());
        assert!(desk.put_back(&task()) && desk.take(&task()));
        desk.abandon(&task(), Instant::now());
        assert!(!desk.put_back(&task()));
        assert!(matches!(desk.claim(&task()), Claim::New(_)), "it runs nowhere");
    }
}
