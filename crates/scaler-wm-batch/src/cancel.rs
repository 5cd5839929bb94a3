//! Takes tasks back: those that wait for others, those that wait in the queue, those that run.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join_all;
use scaler_wm_core::{CancelOutcome, Result, TaskId};
use tokio::time::{Instant, sleep};

use crate::{
    book::{Run, Withdrawn},
    client::Phase,
    inner::Inner,
};

/// How often a job is looked at that was taken out of the queue, until it is known whether it was in time.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A job that still waits after this time is ended by force: its place in the queue was given up.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

type Answer = (TaskId, Result<CancelOutcome>);

/// Cancels tasks, running ones only with `force`.
pub(crate) async fn cancel(inner: &Inner, tasks: &[TaskId], force: bool) -> Vec<Answer> {
    let mut news = inner.news();
    // In time are those that nobody has begun to make a job of; the others have one in a moment.
    let mut answers: Vec<Answer> = Vec::new();
    let mut out: Vec<(TaskId, Run)> = Vec::new();
    let mut left: Vec<&TaskId> = tasks.iter().collect();
    loop {
        left.retain(|task| {
            let outcome = match inner.book().withdraw(task) {
                Withdrawn::NotYet => return true,
                Withdrawn::Out(run) => {
                    out.push(((*task).clone(), run));
                    return false;
                }
                Withdrawn::InTime | Withdrawn::Before => CancelOutcome::Canceled,
                Withdrawn::Over => CancelOutcome::NotFound,
            };
            answers.push(((*task).clone(), Ok(outcome)));
            false
        });
        if left.is_empty() {
            break;
        }
        // The sender is the executor's: it is there as long as we are.
        let _ = news.changed().await;
    }
    answers.extend(if force { end(inner, out).await } else { take_back(inner, out).await });
    answers
}

/// Ends jobs, wherever they are: an array all of which is to end by one call.
async fn end(inner: &Inner, tasks: Vec<(TaskId, Run)>) -> Vec<Answer> {
    let mut jobs: BTreeMap<Arc<str>, Vec<(TaskId, Run)>> = BTreeMap::new();
    for (task, run) in tasks {
        // From now on nobody is told of its end.
        inner.book().end(&task);
        jobs.entry(Arc::clone(&run.job)).or_default().push((task, run));
    }
    let ends = jobs.into_iter().map(|(job, tasks)| async move {
        let is_whole = inner.book().is_canceled_whole(&job);
        if is_whole && tasks.len() > 1 {
            let answer = inner.batch.terminate(&job).await;
            return tasks
                .into_iter()
                .map(|(task, _)| {
                    let answer = answer.as_ref().copied().map_err(scaler_wm_core::Error::copy);
                    answered(inner, task, answer)
                })
                .collect();
        }
        let calls = tasks.into_iter().map(|(task, run)| async move {
            let answer = inner.batch.terminate(&run.id()).await;
            answered(inner, task, answer)
        });
        join_all(calls).await
    });
    let answers: Vec<Vec<Answer>> = join_all(ends).await;
    inner.moved();
    answers.into_iter().flatten().collect()
}

fn answered(inner: &Inner, task: TaskId, answer: Result<()>) -> Answer {
    match answer {
        Ok(()) => (task, Ok(CancelOutcome::Canceled)),
        Err(error) => {
            // One that has ended meanwhile is canceled all the same: nobody was told of its end.
            let goes_on = inner.book().goes_on(&task);
            (task, if goes_on { Err(error) } else { Ok(CancelOutcome::Canceled) })
        }
    }
}

/// Takes jobs out of the queue; those that start or run go on.
async fn take_back(inner: &Inner, tasks: Vec<(TaskId, Run)>) -> Vec<Answer> {
    let calls = tasks.into_iter().map(|(task, run)| async move {
        let answer = take_one_back(inner, &task, &run).await;
        (task, answer)
    });
    join_all(calls).await
}

async fn take_one_back(inner: &Inner, task: &TaskId, run: &Run) -> Result<CancelOutcome> {
    let id = run.id();
    if phase(inner, &id).await? != Phase::Waiting || !inner.book().leave(task) {
        return Ok(CancelOutcome::Running);
    }
    let left = has_left(inner, &id).await;
    let is_out = match left {
        Ok(true) => {
            inner.book().end(task);
            true
        }
        // It goes on, unless its end was quicker than our look: then nobody is told of it.
        _ => inner.book().goes_on(task),
    };
    inner.moved();
    match left {
        Ok(false) if is_out => Ok(CancelOutcome::Running),
        Err(error) if is_out => Err(error),
        _ => Ok(CancelOutcome::Canceled),
    }
}

/// Takes a job out of the queue; whether that was in time.
async fn has_left(inner: &Inner, id: &str) -> Result<bool> {
    match inner.batch.cancel(id).await {
        // What comes next shows whether it was done.
        Err(error) if !error.kind().is_uncertain() => return Err(error),
        _ => {}
    }
    let until = Instant::now() + LEAVES_WITHIN;
    while Instant::now() < until {
        match phase(inner, id).await? {
            Phase::Waiting => sleep(LOOK_EVERY).await,
            // It was quicker.
            Phase::Running | Phase::Succeeded => return Ok(false),
            Phase::Failed => return Ok(true),
        }
    }
    inner.batch.terminate(id).await.map(|()| true)
}

async fn phase(inner: &Inner, id: &str) -> Result<Phase> {
    let seen = inner.batch.describe(&[id.to_owned()]).await?;
    // One that is not known is about to be found lost.
    Ok(seen.first().map_or(Phase::Failed, |seen| seen.phase))
}
