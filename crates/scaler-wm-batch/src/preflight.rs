//! What jobs need in the account, looked at before any is submitted.

use aws_sdk_batch::{
    Client,
    types::{CeState, CeStatus, ComputeEnvironmentDetail, JobDefinition, JobQueueDetail, JqState, JqStatus},
};
use aws_sdk_s3::{Client as S3Client, error::SdkError};
use scaler_wm_aws::preflight::{Look, credentials, reached, trouble};
use scaler_wm_core::{Chain, Check, Error, ErrorKind, Result};

use crate::{BatchConfig, client::refine, objects};

/// Looks at what jobs of this configuration need.
pub async fn preflight(config: BatchConfig) -> Vec<Check> {
    let sdk = config.aws.load().await;
    let mut checks = match credentials(&sdk).await {
        Ok(found) => vec![found],
        Err(bad) => return vec![bad, Check::skipped("account", "without credentials nothing can be asked")],
    };
    let (batch, s3) = (Client::new(&sdk), objects::client(&sdk));
    let survey = Survey { config: &config, batch, s3, look: Look::default() };
    checks.extend(survey.all().await);
    checks
}

struct Survey<'a> {
    config: &'a BatchConfig,
    batch: Client,
    s3: S3Client,
    look: Look,
}

impl Survey<'_> {
    async fn all(&self) -> Vec<Check> {
        let (queue, bucket) = tokio::join!(self.queue(), self.bucket());
        // If the first question does not reach the account, no other does.
        if let Err(bad) = reached(&queue) {
            return vec![bad, Check::skipped("job queue", "the account is not reached")];
        }
        let (environments, definition, list) = tokio::join!(
            self.environments(queue.as_ref().ok().and_then(Option::as_ref)),
            self.definition(),
            self.list()
        );
        let mut checks = vec![self.judged(&queue)];
        checks.extend(environments);
        checks.extend([definition, bucket, list]);
        checks.push(Check::skipped(
            "permission batch:SubmitJob",
            "Batch has no dry run: whether batch:SubmitJob, batch:CancelJob and batch:TerminateJob are allowed shows at \
             the first task",
        ));
        checks.push(Check::skipped(
            "permission s3:PutObject",
            format!(
                "S3 has no dry run: whether s3:PutObject, s3:GetObject and s3:DeleteObject are allowed below {}/{} shows at \
                 the first task",
                self.config.bucket, self.config.prefix
            ),
        ));
        checks
    }

    async fn queue(&self) -> Result<Option<JobQueueDetail>> {
        let call = self.batch.describe_job_queues().job_queues(&self.config.queue);
        let send = || call.clone().send();
        let answer = self.look.ask("DescribeJobQueues", "look for the job queue", refine, send).await?;
        Ok(answer.job_queues.unwrap_or_default().into_iter().next())
    }

    fn judged(&self, found: &Result<Option<JobQueueDetail>>) -> Check {
        const NAME: &str = "job queue";
        let name = &self.config.queue;
        let todo = "name another by --job-queue, or let `scaler-wm aws_hpc provision` make one";
        let queue = match found {
            Ok(Some(queue)) => queue,
            Ok(None) => {
                return Check::bad(NAME, format!("`{name}` is not there, in {}", self.config.aws.region), todo);
            }
            Err(error) => return trouble(NAME, "batch:DescribeJobQueues", error, todo),
        };
        if queue.state() == Some(&JqState::Disabled) {
            let todo = format!("enable it: aws batch update-job-queue --job-queue {name} --state ENABLED");
            return Check::bad(NAME, format!("`{name}` is disabled: it takes no jobs"), todo);
        }
        match queue.status() {
            Some(JqStatus::Valid) | None => Check::good(NAME, format!("`{name}` is enabled and valid")),
            Some(JqStatus::Creating | JqStatus::Updating) => {
                Check::doubtful(NAME, format!("`{name}` is being changed"), "wait until it is VALID")
            }
            Some(status) => {
                let why = queue.status_reason().unwrap_or("no reason is told");
                Check::bad(NAME, format!("`{name}` is {status}: {why}"), todo)
            }
        }
    }

    async fn environments(&self, queue: Option<&JobQueueDetail>) -> Option<Check> {
        const NAME: &str = "compute environments";
        let order = queue?.compute_environment_order();
        let names: Vec<String> =
            order.iter().filter_map(|entry| entry.compute_environment().map(str::to_owned)).collect();
        if names.is_empty() {
            return Some(Check::skipped(NAME, "the queue has none, or is of another kind"));
        }
        let call = self.batch.describe_compute_environments().set_compute_environments(Some(names));
        let purpose = "look for the compute environments";
        let send = || call.clone().send();
        let answer = match self.look.ask("DescribeComputeEnvironments", purpose, refine, send).await {
            Ok(answer) => answer,
            // A manager does not ask this.
            Err(error) => return Some(Check::skipped(NAME, Chain(&error).to_string())),
        };
        let found = answer.compute_environments();
        let works = |found: &&ComputeEnvironmentDetail| {
            found.state() != Some(&CeState::Disabled)
                && !matches!(found.status(), Some(CeStatus::Invalid | CeStatus::Deleted))
        };
        let name = |found: &ComputeEnvironmentDetail| found.compute_environment_name().unwrap_or("?").to_owned();
        let bad: Vec<String> = found.iter().filter(|one| !works(one)).map(name).collect();
        let cpus: i32 = found
            .iter()
            .filter(works)
            .filter_map(|found| found.compute_resources().and_then(|resources| resources.maxv_cpus()))
            .sum();
        let todo = "enable or mend it in Batch: jobs wait for ever otherwise";
        Some(if bad.len() == found.len() {
            Check::bad(NAME, format!("none of the queue's is enabled and valid: {}", bad.join(", ")), todo)
        } else if bad.is_empty() {
            Check::good(
                NAME,
                format!("{} of at most {cpus} vCPUs", found.iter().map(name).collect::<Vec<_>>().join(", ")),
            )
        } else {
            Check::doubtful(NAME, format!("{} is disabled or invalid", bad.join(", ")), todo)
        })
    }

    async fn definition(&self) -> Check {
        const NAME: &str = "job definition";
        let name = &self.config.definition;
        let is_exact = name.starts_with("arn:") || name.contains(':');
        let call = self.batch.describe_job_definitions();
        let call = if is_exact { call.job_definitions(name) } else { call.job_definition_name(name).status("ACTIVE") };
        let send = || call.clone().send();
        let todo = "name another by --job-definition, or let `scaler-wm aws_hpc provision` make one";
        let answer = match self.look.ask("DescribeJobDefinitions", "look for the job definition", refine, send).await {
            Ok(answer) => answer,
            Err(error) => return trouble(NAME, "batch:DescribeJobDefinitions", &error, todo),
        };
        let all = answer.job_definitions();
        let newest = all.iter().max_by_key(|found| found.revision().unwrap_or_default());
        let Some(newest) = newest.filter(|found| found.status().is_none_or(|status| status == "ACTIVE")) else {
            return Check::bad(NAME, format!("no active `{name}` is there, in {}", self.config.aws.region), todo);
        };
        let image = newest.container_properties().and_then(|container| container.image()).unwrap_or("no image");
        let revision = newest.revision().unwrap_or_default();
        match foreign(newest) {
            None => Check::good(NAME, format!("`{name}` revision {revision} runs {image}")),
            Some(why) => Check::bad(NAME, format!("`{name}` revision {revision} {why}"), todo),
        }
    }

    async fn bucket(&self) -> Check {
        const NAME: &str = "bucket";
        let (bucket, region) = (&self.config.bucket, &self.config.aws.region);
        let asked = async { Ok(self.s3.head_bucket().bucket(bucket).send().await) };
        let answer = match self.look.within("look for the bucket", asked).await {
            Ok(answer) => answer,
            Err(error) => return trouble(NAME, "s3:ListBucket", &error, "mend --s3-bucket"),
        };
        let error = match answer {
            Ok(_) => return Check::good(NAME, format!("{bucket} is there, in {region}")),
            Err(error) => error,
        };
        // The answer to HEAD has no body, and so no code: the status is all that there is.
        let status = error.raw_response().map(|response| response.status().as_u16());
        let elsewhere = error.raw_response().and_then(|response| response.headers().get("x-amz-bucket-region"));
        match (status, elsewhere) {
            (Some(404), _) => {
                let todo = "name another by --s3-bucket, or let `scaler-wm aws_hpc provision` make one";
                Check::bad(NAME, format!("{bucket} is not there"), todo)
            }
            (_, Some(there)) if there != region => {
                let todo = format!("name one of {region} by --s3-bucket, or --aws-region {there}");
                Check::bad(NAME, format!("{bucket} is in {there}, not in {region}"), todo)
            }
            (Some(403), _) => {
                let found = format!("{bucket} may not be listed by these credentials, or is somebody else's");
                Check::bad(NAME, found, "allow s3:ListBucket to them, or name another by --s3-bucket")
            }
            _ => {
                let kind =
                    if matches!(error, SdkError::ServiceError(_)) { ErrorKind::Failed } else { ErrorKind::Transient };
                let error = Error::new(kind, "look for the bucket", Chain(&error).to_string());
                trouble(NAME, "s3:ListBucket", &error, "mend --s3-bucket")
            }
        }
    }

    /// The question by which jobs are found again after a lost answer.
    async fn list(&self) -> Check {
        const NAME: &str = "permission batch:ListJobs";
        let call = self.batch.list_jobs().job_queue(&self.config.queue).max_results(1);
        match self.look.ask("ListJobs", "list jobs", refine, || call.clone().send()).await {
            Ok(_) => Check::good(NAME, "allowed"),
            Err(error) if error.kind() == ErrorKind::Denied => trouble(NAME, "batch:ListJobs", &error, ""),
            Err(_) => Check::skipped(NAME, "there is no queue to list"),
        }
    }
}

/// Why a definition cannot run tasks, if it cannot.
fn foreign(definition: &JobDefinition) -> Option<String> {
    let kind = definition.r#type().unwrap_or("container");
    (kind != "container").then(|| format!("is of the type {kind}, and tasks run in containers"))
}
