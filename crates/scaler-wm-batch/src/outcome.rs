//! What came of a task whose job has ended.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use scaler_wm_agent::payload::read_result;
use scaler_wm_core::{Backoff, BackoffSettings, Chain, Completion, Error, ErrorKind, Result, TaskId, TaskOutcome};
use tokio::time::sleep;
use tracing::warn;

use crate::{
    book::{Ended, Run},
    failure::Cause,
    inner::Inner,
    payload::unpack,
};

/// How the wait grows while the bucket does not answer.
const AGAIN: BackoffSettings =
    BackoffSettings { free: 0, first: Duration::from_millis(500), longest: Duration::from_secs(15) };

impl End {
    /// Whether it was ended by us.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Failed(cause) if cause.is_ours())
    }
}

/// How a job ended.
#[derive(Debug)]
pub(crate) enum End {
    Succeeded,
    Failed(Cause),
    /// Batch does not know it any more.
    Unknown,
}

/// Sees to everything that is to be done about a job that has ended.
pub(crate) async fn conclude(inner: Arc<Inner>, ended: Ended, end: End) {
    let Ended { task, run, was_canceled } = ended;
    if was_canceled {
        inner.delete(run.objects(&inner.config.prefix)).await;
        inner.book().forget(&task);
        inner.moved();
        return;
    }
    let outcome = match end {
        End::Succeeded => match result(&inner, &run).await {
            Ok(Some(stored)) => read(&run, stored).await,
            Ok(None) => lost(&inner, &task, missing(&run)),
            Err(error) => TaskOutcome::Failed(error),
        },
        // What fails at its very end may have left its result.
        End::Failed(cause) => match left_behind(&inner, &run).await {
            Some(outcome) => outcome,
            None => failed(&inner, &task, &run, &cause).await,
        },
        End::Unknown => lost(&inner, &task, unknown(&run)),
    };
    if let TaskOutcome::Again(_) = outcome {
        inner.delete(run.objects(&inner.config.prefix)).await;
        inner.book().forget(&task);
    } else {
        inner.book().told(&task);
    }
    inner.moved();
    inner.tell(Completion { task, outcome });
}

fn missing(run: &Run) -> Error {
    let context = format!("its job {} has succeeded, and there is no result of it in the bucket", run.id());
    Error::new(ErrorKind::Failed, "run a task", context)
}

fn unknown(run: &Run) -> Error {
    let context = format!("Batch does not know its job {} any more", run.id());
    Error::new(ErrorKind::Failed, "run a task", context)
}

/// The infrastructure has lost it.
fn lost(inner: &Inner, task: &TaskId, error: Error) -> TaskOutcome {
    let most = inner.config.retries;
    if inner.book().lost(task, most) {
        return TaskOutcome::Again(error);
    }
    let advice = format!("it was handed over again {most} times (--job-retries)");
    TaskOutcome::Failed(if most == 0 { error } else { error.with_advice(&advice) })
}

async fn failed(inner: &Inner, task: &TaskId, run: &Run, cause: &Cause) -> TaskOutcome {
    // One that was ended by us, and of which somebody was told that it goes on: the answer to our call got lost.
    if cause.is_infrastructure() || cause.is_ours() {
        return lost(inner, task, cause.error(&run.id(), ""));
    }
    let log = inner.logs.tail(cause).await.unwrap_or_else(|error| {
        warn!(job = run.id(), error = %Chain(&error), "the log of a failed job cannot be read");
        String::new()
    });
    TaskOutcome::Failed(cause.error(&run.id(), &log))
}

async fn left_behind(inner: &Inner, run: &Run) -> Option<TaskOutcome> {
    let stored = result(inner, run).await.ok()??;
    let unpacked = unpack(stored).await.ok()?;
    // Released job runners leave a word of their own where they fail: that is none.
    read_result(&unpacked).ok()
}

async fn read(run: &Run, stored: Bytes) -> TaskOutcome {
    let wrong = |error| {
        let context = format!("its job {} has stored something else than a result", run.id());
        TaskOutcome::Failed(Error::new(ErrorKind::Failed, "run a task", context).with_source(error))
    };
    match unpack(stored).await {
        Ok(unpacked) => read_result(&unpacked).unwrap_or_else(wrong),
        Err(error) => TaskOutcome::Failed(error),
    }
}

/// What a job has stored, however long it takes until the bucket answers.
async fn result(inner: &Inner, run: &Run) -> Result<Option<Bytes>> {
    let mut backoff = Backoff::new(AGAIN, fastrand::u64(..));
    loop {
        match stored(inner, run).await {
            Err(error) if error.kind().is_retryable() => {
                let wait = backoff.failed();
                if backoff.failures() == 1 {
                    warn!(job = run.id(), error = %Chain(&error), "a result cannot be read: will try again");
                }
                sleep(wait).await;
            }
            answer => return answer,
        }
    }
}

async fn stored(inner: &Inner, run: &Run) -> Result<Option<Bytes>> {
    let mut denied = None;
    for is_compressed in inner.likelier_first() {
        let [plain, compressed] = run.place.results(&inner.config.prefix, &run.job);
        let key = if is_compressed { compressed } else { plain };
        match inner.objects.get(&key).await {
            Ok(Some(bytes)) => {
                inner.found(is_compressed);
                return Ok(Some(bytes));
            }
            Ok(None) => {}
            // Who may not list the bucket is not told that an object is missing, but that it is denied.
            Err(error) if error.kind() == ErrorKind::Denied => denied = Some(error),
            Err(error) => return Err(error),
        }
    }
    denied.map_or(Ok(None), Err)
}
