//! Finds jobs of an earlier process.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use scaler_wm_aws::Caller;
use scaler_wm_core::{Result, TaskEntry, Ticket};
use tokio::time::{Instant, sleep};

use crate::{book::Run, client::Phase, inner::Inner, job::Place};

/// How often a job is looked for by its name, and how long between two looks: lists lag behind.
const LOOKS: u32 = 3;
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(crate) async fn recover(inner: &Inner, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
    let mut tasks = Vec::new();
    for TaskEntry { task, handle } in known {
        // Without a handle nothing of it was out there: the name is on record before anything else.
        if let Some((place, job)) = handle.and_then(|handle| Place::read(&handle)) {
            tasks.push((task, place, job));
        }
    }
    // Those that were about to be submitted have a name only.
    let mut unknown: HashMap<Arc<str>, Option<Arc<str>>> =
        tasks.iter().filter(|(_, _, job)| job.is_none()).map(|(_, place, _)| (Arc::clone(&place.name), None)).collect();
    for look in 0..LOOKS {
        let mut is_complete = true;
        for (name, found) in unknown.iter_mut().filter(|(_, found)| found.is_none()) {
            *found = Caller::patiently(|| inner.batch.find(name)).await?;
            is_complete &= found.is_some();
        }
        if is_complete || look + 1 == LOOKS {
            break;
        }
        sleep(LOOK_AGAIN_AFTER).await;
    }
    let mut runs = Vec::new();
    let mut over = Vec::new();
    for (task, place, job) in tasks {
        match job.or_else(|| unknown.get(&place.name).cloned().flatten()) {
            Some(job) => runs.push((task, Run { job, place })),
            None => over.push(place.input(&inner.config.prefix)),
        }
    }
    let ids: Vec<String> = runs.iter().map(|(_, run)| run.id()).collect();
    let seen = Caller::patiently(|| inner.batch.describe(&ids)).await?;
    // What was canceled is of no use to anybody. What is not described may be so later: looks will tell.
    let canceled = seen.into_iter().filter(|seen| seen.phase == Phase::Failed && seen.cause.is_ours());
    let canceled: HashSet<String> = canceled.map(|seen| seen.id).collect();
    let mut tickets = Vec::new();
    let now = Instant::now();
    for (task, run) in runs {
        if canceled.contains(&run.id()) {
            over.extend(run.objects(&inner.config.prefix));
            continue;
        }
        tickets.push(Ticket { task: task.clone(), handle: run.place.handle(Some(&run.job)) });
        inner.book().out(&task, run, now);
    }
    if !over.is_empty() {
        inner.delete(over).await;
    }
    inner.moved();
    Ok(tickets)
}
