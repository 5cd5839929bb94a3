//! Batch without a scheduler, asked past the proxy.

use scaler_wm_tests::{Answer, AwsClient, BatchCloud, BatchOptions, Emulation, Failure, Job, QUEUE, Result, Runner};
use serde_json::{Value, json};

/// An account with a client that asks its emulator.
pub(crate) struct Account {
    pub(crate) cloud: BatchCloud,
    pub(crate) client: AwsClient,
}

impl Account {
    pub(crate) fn with(options: &BatchOptions) -> Result<Self> {
        let cloud = BatchCloud::start(options)?;
        let client = AwsClient::new(cloud.emulator.port())?;
        Ok(Self { cloud, client })
    }

    /// Submits a job with further parameters of the operation, and gives its id.
    pub(crate) fn submit(&self, runner: Runner, parameters: &Value, more: &Value) -> Result<String> {
        id_of(self.try_submit(runner, parameters, more)?)
    }

    pub(crate) fn try_submit(&self, runner: Runner, parameters: &Value, more: &Value) -> Result<Answer> {
        let mut request = json!({
            "jobName": "a-job",
            "jobQueue": QUEUE,
            "jobDefinition": runner.definition(),
            "parameters": parameters,
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        self.client.batch("SubmitJob", &request)
    }

    /// Submits a job that runs a script.
    pub(crate) fn script(&self, script: &str, more: &Value) -> Result<String> {
        self.submit(Runner::Shell, &json!({"payload": script}), more)
    }

    /// Jobs as DescribeJobs tells of them.
    pub(crate) fn describe(&self, ids: &[&str]) -> Result<Vec<Value>> {
        let answer = self.client.batch("DescribeJobs", &json!({"jobs": ids}))?.ok()?;
        Ok(answer["jobs"].as_array().cloned().unwrap_or_default())
    }

    pub(crate) fn describe_one(&self, id: &str) -> Result<Value> {
        self.describe(&[id])?.pop().ok_or_else(|| Failure::new("describe a job", id))
    }

    /// Waits until a job is in this state.
    pub(crate) fn until(&self, id: &str, status: &str) -> Result<Job> {
        let look = || self.cloud.emulator.job(id).ok().filter(|job| job.status == status);
        self.cloud.until(&format!("{id} {status}"), 30.0, look)
    }

    /// Waits until a job has printed this line.
    pub(crate) fn until_printed(&self, id: &str, line: &str) -> Result<()> {
        let log = self.cloud.emulator.unit_log(&self.cloud.emulator.job(id)?);
        let look = || log.text().lines().any(|printed| printed == line).then_some(());
        self.cloud.until(&format!("{line} printed by {id}"), 30.0, look)
    }

    pub(crate) fn cancel(&self, id: &str) -> Result<()> {
        self.client.batch("CancelJob", &json!({"jobId": id, "reason": "not wanted"}))?.ok().map(|_| ())
    }

    pub(crate) fn terminate(&self, id: &str) -> Result<()> {
        self.client.batch("TerminateJob", &json!({"jobId": id, "reason": "enough"}))?.ok().map(|_| ())
    }
}

pub(crate) fn id_of(answer: Answer) -> Result<String> {
    let body = answer.ok()?;
    body["jobId"].as_str().map(str::to_owned).ok_or_else(|| Failure::new("submit a job", body))
}
