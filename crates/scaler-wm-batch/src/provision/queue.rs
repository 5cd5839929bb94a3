//! The job queue.

use std::time::Duration;

use aws_sdk_batch::types::{ComputeEnvironmentOrder, JobQueueDetail, JqState, JqStatus};
use scaler_wm_core::{Error, ErrorKind, Result};

use super::{
    Happened, Site, Thing,
    account::{lacking, made},
    cleanup::Gone,
    site::TAG,
};

/// How long a queue may take to be ready, or to go with the jobs in it.
const WITHIN: Duration = Duration::from_secs(300);

impl Site<'_> {
    /// Sees to the job queue.
    pub(super) async fn queue(&mut self, environment: &str) -> Result<()> {
        let name = self.names.queue.clone();
        let order = ComputeEnvironmentOrder::builder().order(1).compute_environment(environment).build();
        let batch = self.account.services.batch.clone();
        let happened = match self.queue_that_stays().await? {
            None => {
                self.book.makes(Thing::JobQueue, &name)?;
                let call = batch.create_job_queue().job_queue_name(&name).state(JqState::Enabled).priority(1);
                let call = call.compute_environment_order(order).tags(TAG, &self.place.prefix);
                made(self.account.call("CreateJobQueue", "make the job queue", || call.clone().send()).await)?;
                Happened::Made
            }
            Some(there) if !self.is_tagged(there.tags()) => Happened::Left,
            Some(there) if is_as_wanted(&there, environment) => Happened::Already,
            Some(_) => {
                let call = batch.update_job_queue().job_queue(&name).state(JqState::Enabled);
                let call = call.compute_environment_order(order);
                self.account.call("UpdateJobQueue", "change the job queue", || call.clone().send()).await?;
                Happened::Changed
            }
        };
        let arn = self.queue_ready().await?;
        match happened {
            Happened::Left => self.tell_others(Thing::JobQueue, &name),
            Happened::Changed => self.tell(happened, Thing::JobQueue, &name, "enabled, on the compute environment"),
            _ => self.tell(happened, Thing::JobQueue, &name, ""),
        }
        self.book.note(|state| {
            state.job_queue_arn = Some(arn);
            state.job_queue_name = Some(name);
        })
    }

    async fn found_queue(&self) -> Result<Option<JobQueueDetail>> {
        let call = self.account.services.batch.describe_job_queues().job_queues(&self.names.queue);
        let answer = self.account.call("DescribeJobQueues", "look for the job queue", || call.clone().send()).await?;
        let there = answer.job_queues.unwrap_or_default().into_iter().next();
        Ok(there.filter(|there| there.status() != Some(&JqStatus::Deleted)))
    }

    /// The queue that is there; one that is about to go is waited for, and then there is none.
    async fn queue_that_stays(&self) -> Result<Option<JobQueueDetail>> {
        let mut watch = self.watch(Thing::JobQueue, &self.names.queue, WITHIN);
        loop {
            match self.found_queue().await? {
                Some(there) if there.status() == Some(&JqStatus::Deleting) => watch.again("DELETING").await?,
                there => return Ok(there),
            }
        }
    }

    /// Waits until the queue is ready; returns its ARN.
    async fn queue_ready(&self) -> Result<String> {
        let purpose = "make the job queue ready";
        let mut watch = self.watch(Thing::JobQueue, &self.names.queue, WITHIN);
        loop {
            let Some(there) = self.found_queue().await? else {
                watch.again("not listed yet").await?;
                continue;
            };
            match there.status() {
                Some(JqStatus::Valid) => return there.job_queue_arn.ok_or_else(|| lacking(purpose, "its ARN")),
                Some(JqStatus::Invalid) => {
                    let reason = there.status_reason().unwrap_or("AWS gives no reason");
                    let context = format!("{} is INVALID: {reason}", self.names.queue);
                    return Err(Error::new(ErrorKind::Invalid, purpose, context));
                }
                status => watch.again(status.map_or("without a status", JqStatus::as_str)).await?,
            }
        }
    }

    /// Disables the queue, and removes it with the jobs in it.
    pub(super) async fn remove_queue(&self) -> Result<Gone> {
        let name = &self.names.queue;
        match self.found_queue().await? {
            None => return Ok(Gone::Absent),
            Some(there) if !self.is_tagged(there.tags()) => return Ok(Gone::Others),
            Some(_) => {}
        }
        let mut watch = self.watch(Thing::JobQueue, name, WITHIN);
        let (mut is_disabled, mut is_deleted) = (false, false);
        while let Some(there) = self.found_queue().await? {
            let is_enabled = there.state() == Some(&JqState::Enabled);
            let batch = &self.account.services.batch;
            match there.status() {
                Some(JqStatus::Valid | JqStatus::Invalid) if is_enabled && !is_disabled => {
                    let call = batch.update_job_queue().job_queue(name).state(JqState::Disabled);
                    self.account.call("UpdateJobQueue", "disable the job queue", || call.clone().send()).await?;
                    is_disabled = true;
                }
                Some(JqStatus::Valid | JqStatus::Invalid) if !is_enabled && !is_deleted => {
                    let call = batch.delete_job_queue().job_queue(name);
                    self.account.call("DeleteJobQueue", "remove the job queue", || call.clone().send()).await?;
                    is_deleted = true;
                }
                // Jobs in it end first.
                status => watch.again(status.map_or("without a status", JqStatus::as_str)).await?,
            }
        }
        Ok(Gone::Removed(String::new()))
    }
}

/// Whether a queue takes jobs for this environment and no other.
fn is_as_wanted(there: &JobQueueDetail, environment: &str) -> bool {
    let order = there.compute_environment_order();
    there.state() == Some(&JqState::Enabled)
        && order.len() == 1
        && order.iter().all(|first| first.compute_environment() == Some(environment))
}
