//! The calls to Batch, at their pace.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_batch::{
    Client,
    types::{ArrayProperties, JobDetail, JobStatus, JobSummary, JobTimeout, KeyValuesPair},
};
use futures_util::future::try_join_all;
use scaler_wm_aws::{Caller, Pace, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Result, Timestamp};

use crate::{
    BatchConfig,
    failure::{CANCELED, Cause},
};

/// Jobs that one call describes at most.
const DESCRIBED_AT_ONCE: usize = 100;

/// The calls to Batch of one executor.
#[derive(Debug)]
pub(crate) struct BatchClient {
    batch: Client,
    caller: Caller,
    queue: String,
    definition: String,
    timeout: Duration,
    submit: Pace,
    look: Pace,
    end: Pace,
}

/// A job to submit.
#[derive(Debug)]
pub(crate) struct NewJob {
    pub(crate) name: Arc<str>,
    /// How many children it has; `None` for a job of its own.
    pub(crate) children: Option<u32>,
    pub(crate) parameters: HashMap<String, String>,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for its turn.
    Waiting,
    /// Its container starts, or runs.
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub(crate) const fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    fn of(status: Option<&JobStatus>) -> Self {
        match status {
            Some(JobStatus::Succeeded) => Self::Succeeded,
            Some(JobStatus::Failed) => Self::Failed,
            Some(JobStatus::Starting | JobStatus::Running) => Self::Running,
            _ => Self::Waiting,
        }
    }
}

/// A job as it is now.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) phase: Phase,
    /// How many children of an array have ended; `None` where Batch does not say.
    pub(crate) ended_children: Option<u32>,
    /// Why it has failed, if it has.
    pub(crate) cause: Cause,
}

/// A job as a list has it.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) phase: Phase,
    /// When it was submitted.
    pub(crate) at: Option<Timestamp>,
}

impl BatchClient {
    pub(crate) fn new(batch: Client, caller: Caller, config: &BatchConfig) -> Self {
        Self {
            batch,
            caller,
            queue: config.queue.clone(),
            definition: config.definition.clone(),
            timeout: config.job_timeout,
            submit: Pace::new(config.paces.jobs),
            look: Pace::new(config.paces.look),
            end: Pace::new(config.paces.jobs),
        }
    }

    /// Submits a job; its id. Batch has no token that would make the same call again the same job: whoever does not hear
    /// an answer looks for the name.
    pub(crate) async fn submit(&self, job: &NewJob) -> Result<Arc<str>> {
        let request = Request {
            operation: "SubmitJob",
            purpose: "submit a job",
            paces: &[(&self.submit, 1.0)],
            tries: Tries::Throttled,
            refine,
        };
        let seconds = i32::try_from(self.timeout.as_secs()).unwrap_or(i32::MAX);
        let array = job.children.map(|size| {
            let size = i32::try_from(size).unwrap_or(i32::MAX);
            ArrayProperties::builder().size(size).build()
        });
        let call = self
            .batch
            .submit_job()
            .job_name(&*job.name)
            .job_queue(&self.queue)
            .job_definition(&self.definition)
            .set_parameters(Some(job.parameters.clone()))
            .set_array_properties(array)
            .timeout(JobTimeout::builder().attempt_duration_seconds(seconds).build());
        let answer = self.caller.call(request, || call.clone().send()).await;
        match answer {
            Ok(answer) => answer
                .job_id
                .map(Arc::from)
                .ok_or_else(|| Error::new(ErrorKind::Transient, "submit a job", "the answer has no id of the job")),
            Err(error) if error.kind().is_fatal() || error.kind() == ErrorKind::NotFound => {
                let names = format!(
                    "the queue is `{}` (--job-queue), the job definition `{}` (--job-definition)",
                    self.queue, self.definition
                );
                Err(error.with_advice(&names))
            }
            Err(error) => Err(error),
        }
    }

    /// The job of this name, if it is there.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<Arc<str>>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("ListJobs", "look for a job by its name", &paces);
        let filter = KeyValuesPair::builder().name("JOB_NAME").values(name).build();
        let mut next = None;
        loop {
            let call = self.batch.list_jobs().job_queue(&self.queue).filters(filter.clone());
            let call = call.set_next_token(next.take());
            let page = self.caller.call(request, || call.clone().send()).await?;
            let mut jobs = page.job_summary_list.unwrap_or_default().into_iter();
            if let Some(job) = jobs.find(|job| job.job_name.as_deref() == Some(name)) {
                return Ok(job.job_id.map(Arc::from));
            }
            // A page may be empty, and not the last one.
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(None);
            }
        }
    }

    /// Every job whose name begins so, whatever its case, those that have ended within a day or so included.
    pub(crate) async fn begin_with(&self, name: &str) -> Result<Vec<Named>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("ListJobs", "list jobs", &paces);
        let filter = KeyValuesPair::builder().name("JOB_NAME").values(format!("{name}*")).build();
        let (mut jobs, mut next) = (Vec::new(), None);
        loop {
            let call = self.batch.list_jobs().job_queue(&self.queue).filters(filter.clone());
            let call = call.set_next_token(next.take());
            let page = self.caller.call(request, || call.clone().send()).await?;
            jobs.extend(page.job_summary_list.unwrap_or_default().into_iter().filter_map(named));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(jobs);
            }
        }
    }

    /// What these jobs are now; those that are not known any more are missing.
    pub(crate) async fn describe(&self, ids: &[String]) -> Result<Vec<Seen>> {
        let paces = [(&self.look, 1.0)];
        let request = looking("DescribeJobs", "describe jobs", &paces);
        let calls = ids.chunks(DESCRIBED_AT_ONCE).map(|ids| async move {
            let call = self.batch.describe_jobs().set_jobs(Some(ids.to_vec()));
            let answer = self.caller.call(request, || call.clone().send()).await?;
            // A description is some kilobytes: what is needed of it is a fraction of one.
            Ok::<_, Error>(answer.jobs.unwrap_or_default().iter().filter_map(seen).collect::<Vec<_>>())
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// Takes a job out of the queue; one that starts or runs goes on.
    pub(crate) async fn cancel(&self, id: &str) -> Result<()> {
        let paces = [(&self.end, 1.0)];
        let request = ending("CancelJob", "cancel a job", &paces);
        let call = self.batch.cancel_job().job_id(id).reason(CANCELED);
        self.caller.call(request, || call.clone().send()).await.map(drop)
    }

    /// Ends a job, or an array with all of its children, wherever it is.
    pub(crate) async fn terminate(&self, id: &str) -> Result<()> {
        let paces = [(&self.end, 1.0)];
        let request = ending("TerminateJob", "terminate a job", &paces);
        let call = self.batch.terminate_job().job_id(id).reason(CANCELED);
        self.caller.call(request, || call.clone().send()).await.map(drop)
    }
}

/// A call that changes nothing.
const fn looking<'a>(operation: &'static str, purpose: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
    Request { operation, purpose, paces, tries: Tries::Lost, refine }
}

/// A call that ends what may have ended already: once more does no harm.
const fn ending<'a>(operation: &'static str, purpose: &'static str, paces: &'a [(&'a Pace, f64)]) -> Request<'a> {
    Request { operation, purpose, paces, tries: Tries::Lost, refine }
}

/// The class of an error of Batch, where code and message tell it better than the code alone.
pub(crate) fn refine(code: &str, message: &str) -> Option<ErrorKind> {
    let words = message.to_ascii_lowercase();
    // A queue that is being changed, or a role that was made a moment ago.
    (code == "ClientException" && words.contains("not in valid state")).then_some(ErrorKind::Transient)
}

fn named(job: JobSummary) -> Option<Named> {
    let at = job.created_at.and_then(|at| u64::try_from(at).ok()).map(Timestamp::from_millis);
    Some(Named { name: job.job_name?, id: job.job_id?, phase: Phase::of(job.status.as_ref()), at })
}

fn seen(job: &JobDetail) -> Option<Seen> {
    let phase = Phase::of(job.status.as_ref());
    let children = job.array_properties.as_ref().and_then(|array| array.status_summary.as_ref());
    let count = |summary: &HashMap<String, i32>, status: &str| {
        summary.get(status).and_then(|count| u32::try_from(*count).ok()).unwrap_or_default()
    };
    let ended_children = children.map(|summary| count(summary, "SUCCEEDED") + count(summary, "FAILED"));
    let cause = if phase == Phase::Failed { Cause::of(job) } else { Cause::default() };
    Some(Seen { id: job.job_id.clone()?, phase, ended_children, cause })
}
