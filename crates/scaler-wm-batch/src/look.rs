//! Looks at jobs, those that have just begun more often than those that take long.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use scaler_wm_core::{Backoff, BackoffSettings, Chain, Result};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tracing::{debug, warn};

use crate::{
    client::{Phase, Seen},
    inner::Inner,
    outcome::{End, conclude},
};

/// Looks in a row that do not find a job, until it is lost.
const MISSES: u32 = 20;
/// How the wait grows while Batch does not answer.
const AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(500), longest: Duration::from_secs(15) };

/// Watches jobs until the executor is dropped.
pub(crate) async fn watch(inner: Arc<Inner>) {
    // What comes of each in a task of its own: a result of gigabytes keeps nobody waiting.
    let mut ends = JoinSet::new();
    let mut news = inner.news();
    let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
    loop {
        let (due, next) = inner.book().due(Instant::now());
        if due.is_empty() {
            // A moment that never comes, while nothing runs.
            let next = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
            tokio::select! {
                // Cancel safe, all of them: a timer, a flag that stays set, a result that stays in its set.
                () = sleep_until(next) => {}
                _ = news.changed() => {}
                Some(_) = ends.join_next() => {}
            }
            continue;
        }
        match look(&inner, &due).await {
            Ok(ended) => {
                backoff.succeeded();
                for (id, end) in ended {
                    let ended = inner.book().ended(&id, end.is_ours());
                    if let Some(ended) = ended {
                        ends.spawn(conclude(Arc::clone(&inner), ended, end));
                    }
                }
            }
            Err(error) => {
                let (wait, is_fatal) = (backoff.failed(), error.kind().is_fatal());
                let (error, wait_seconds) = (Chain(&error).to_string(), wait.as_secs_f64());
                if backoff.failures() == 1 || is_fatal {
                    warn!(%error, wait_seconds, "jobs cannot be looked at (batch:DescribeJobs): will try again");
                } else {
                    debug!(%error, wait_seconds, "jobs cannot be looked at: will try again");
                }
                sleep(wait).await;
            }
        }
    }
}

/// One look at jobs: those that have ended, and of arrays the children that have.
async fn look(inner: &Inner, jobs: &[Arc<str>]) -> Result<Vec<(String, End)>> {
    let ids: Vec<String> = jobs.iter().map(ToString::to_string).collect();
    let seen = inner.batch.describe(&ids).await?;
    let found: HashSet<&str> = seen.iter().map(|seen| &*seen.id).collect();
    let mut ended: HashMap<String, End> = HashMap::new();
    for id in ids.iter().filter(|id| !found.contains(&***id)) {
        if inner.book().missed(id) >= MISSES {
            let children = inner.book().ids(id);
            ended.extend(children.into_iter().map(|child| (child, End::Unknown)));
        }
    }
    let mut children = Vec::new();
    // Arrays that have ended, with the children that must have, too.
    let mut over: HashMap<String, HashSet<String>> = HashMap::new();
    for Seen { id, phase, ended_children, cause } in seen {
        let further = inner.book().children(&id, ended_children, phase.has_ended());
        if further.is_empty() {
            ended.extend(end(phase, cause).map(|end| (id, end)));
        } else {
            if phase.has_ended() {
                over.insert(id, further.iter().cloned().collect());
            }
            children.extend(further);
        }
    }
    for Seen { id, phase, cause, .. } in inner.batch.describe(&children).await? {
        if let Some((parent, _)) = id.split_once(':')
            && let Some(missing) = over.get_mut(parent)
        {
            missing.remove(&id);
        }
        ended.extend(end(phase, cause).map(|end| (id, end)));
    }
    // Some never came to be: their array was ended before.
    for (parent, missing) in over {
        if !missing.is_empty() && inner.book().missed(&parent) >= MISSES {
            ended.extend(missing.into_iter().map(|child| (child, End::Unknown)));
        }
    }
    Ok(ended.into_iter().collect())
}

fn end(phase: Phase, cause: crate::failure::Cause) -> Option<End> {
    match phase {
        Phase::Waiting | Phase::Running => None,
        Phase::Succeeded => Some(End::Succeeded),
        Phase::Failed => Some(End::Failed(cause)),
    }
}
