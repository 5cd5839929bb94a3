//! Hands tasks over: those that arrive within the window as one array job, a lone one as a job of its own.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use scaler_wm_aws::Caller;
use scaler_wm_core::{Chain, Error, ErrorKind, Result, Submission, TaskId, Ticket};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};
use tracing::{info, warn};

use crate::{
    book::Run,
    client::NewJob,
    inner::Inner,
    job::{Place, array_inputs, job_name},
    payload::{Packed, pack, pack_object},
};

/// The most children that an array can have.
const LARGEST_ARRAY: usize = 10_000;
/// Inputs that wait for the window to close, in bytes: it closes early for more.
const LARGEST_GROUP: u64 = 64 << 20;
/// Objects that are put at the same time.
const PUTS_AT_ONCE: usize = 32;
/// When a job is looked for by its name, after a submit that nobody answered: lists lag behind.
const LOOKED_FOR_AFTER: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// A task on its way, and who waits for its ticket.
pub(crate) struct Offer {
    /// Which offer of the task it is.
    pub(crate) number: u64,
    pub(crate) submission: Submission,
    pub(crate) answer: oneshot::Sender<Result<Ticket>>,
}

/// Collects tasks until the window closes, and sends them.
pub(crate) async fn collect(inner: Arc<Inner>, mut offers: mpsc::UnboundedReceiver<Offer>) {
    // Each group in a task of its own: those that come meanwhile do not wait for it.
    let mut groups = JoinSet::new();
    loop {
        let first = tokio::select! {
            // Cancel safe: a channel's receiver loses nothing.
            first = offers.recv() => match first {
                Some(first) => first,
                None => return,
            },
            // Cancel safe: a result stays in the set until it is handed out.
            Some(_) = groups.join_next() => continue,
        };
        let closes = Instant::now() + inner.config.window;
        let mut bytes = first.submission.inputs.len();
        let mut group = vec![first];
        while group.len() < LARGEST_ARRAY && bytes < LARGEST_GROUP {
            let Ok(Some(offer)) = timeout_at(closes, offers.recv()).await else { break };
            bytes += offer.submission.inputs.len();
            group.push(offer);
        }
        groups.spawn(send(Arc::clone(&inner), group));
    }
}

async fn send(inner: Arc<Inner>, group: Vec<Offer>) {
    let (mut submissions, mut answers) = (Vec::new(), Vec::new());
    for Offer { number, submission, answer } in group {
        if inner.book().begin(&submission.task, number) {
            answers.push((submission.task.clone(), answer));
            submissions.push(submission);
        } else {
            drop(answer.send(Err(Error::new(ErrorKind::Conflict, "submit a job", "its task was canceled"))));
        }
    }
    if submissions.is_empty() {
        return;
    }
    let sent = submit(&inner, submissions).await;
    let now = Instant::now();
    for (index, (task, answer)) in answers.into_iter().enumerate() {
        let ticket = match &sent {
            Ok(sent) => {
                let run = Run { job: Arc::clone(&sent.job), place: sent.places[index].clone() };
                let handle = run.place.handle(Some(&run.job));
                inner.book().out(&task, run, now);
                Ok(Ticket { task, handle })
            }
            Err(error) => {
                inner.book().forget(&task);
                Err(error.copy())
            }
        };
        // Whoever waited may have gone; the task runs all the same.
        drop(answer.send(ticket));
    }
    inner.moved();
}

struct Sent {
    job: Arc<str>,
    places: Vec<Place>,
}

async fn submit(inner: &Inner, submissions: Vec<Submission>) -> Result<Sent> {
    let name = job_name(&inner.config.manager)?;
    let is_array = submissions.len() > 1;
    let index = |index: usize| is_array.then(|| u32::try_from(index).unwrap_or(u32::MAX));
    let places: Vec<Place> =
        (0..submissions.len()).map(|at| Place { name: Arc::clone(&name), index: index(at) }).collect();
    let tasks: Vec<TaskId> = submissions.iter().map(|submission| submission.task.clone()).collect();
    // Before anything is out there: after a kill the next process finds job and objects by the name.
    let planned: Vec<Ticket> = tasks
        .iter()
        .zip(&places)
        .map(|(task, place)| Ticket { task: task.clone(), handle: place.handle(None) })
        .collect();
    inner.journal.handed_over(&planned).await?;
    let job = make(inner, &name, submissions, &places).await;
    match job {
        Ok(job) => {
            info!(job = &*job, tasks = tasks.len(), "tasks are submitted");
            Ok(Sent { job, places })
        }
        Err(error) => {
            let keys = places.iter().map(|place| place.input(&inner.config.prefix)).collect();
            inner.delete(keys).await;
            Err(error)
        }
    }
}

async fn make(inner: &Inner, name: &Arc<str>, submissions: Vec<Submission>, places: &[Place]) -> Result<Arc<str>> {
    let prefix = &inner.config.prefix;
    let none = || "none".to_owned();
    let mut parameters = HashMap::from([
        ("payload".to_owned(), none()),
        ("compressed".to_owned(), "0".to_owned()),
        ("s3_bucket".to_owned(), inner.config.bucket.clone()),
        ("s3_prefix".to_owned(), prefix.clone()),
        ("s3_key".to_owned(), none()),
    ]);
    let mut set = |name: &str, value: String| parameters.insert(name.to_owned(), value);
    let count = submissions.len();
    if let [place] = places {
        let submission = submissions.into_iter().next().expect("one for each place");
        set("task_id", submission.task.to_string());
        let _room = inner.objects.room(submission.inputs.len()).await;
        match pack(submission).await? {
            Packed::Inline { text, is_compressed } => {
                set("payload", text);
                set("compressed", u8::from(is_compressed).to_string());
            }
            Packed::Object(bytes) => {
                let key = place.input(prefix);
                inner.objects.put(&key, bytes).await?;
                set("compressed", "1".to_owned());
                set("s3_key", key);
            }
        }
    } else {
        set("task_id", "array".to_owned());
        set("s3_key", array_inputs(prefix, name));
        let keys = places.iter().map(|place| place.input(prefix));
        let inputs: Vec<(Submission, String)> = submissions.into_iter().zip(keys).collect();
        let puts = inputs.into_iter().map(|(submission, key)| put(inner, submission, key));
        stream::iter(puts).buffer_unordered(PUTS_AT_ONCE).try_collect::<()>().await?;
    }
    let children = (count > 1).then(|| u32::try_from(count).unwrap_or(u32::MAX));
    let job = NewJob { name: Arc::clone(name), children, parameters };
    match inner.batch.submit(&job).await {
        Err(error) if error.kind().is_uncertain() => match look_for(inner, name).await {
            Some(found) => Ok(found),
            None => Err(error),
        },
        answer => answer,
    }
}

async fn put(inner: &Inner, submission: Submission, key: String) -> Result<()> {
    let _room = inner.objects.room(submission.inputs.len()).await;
    inner.objects.put(&key, pack_object(submission).await?).await
}

/// The job of a submit that nobody answered, if it is there. Only an answer says that it is not.
async fn look_for(inner: &Inner, name: &str) -> Option<Arc<str>> {
    for wait in LOOKED_FOR_AFTER {
        sleep(wait).await;
        match Caller::patiently(|| inner.batch.find(name)).await {
            Ok(Some(job)) => return Some(job),
            Ok(None) => {}
            Err(error) => {
                warn!(error = %Chain(&error), job = name, "nobody knows whether a job was submitted: it may run");
                return None;
            }
        }
    }
    None
}
