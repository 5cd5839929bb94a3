//! Why a job failed: in words for whoever waits for its task, and whether it is worth another try.

use aws_sdk_batch::types::{JobDetail, LogDriver};
use aws_sdk_cloudwatchlogs::Client as LogsClient;
use scaler_wm_aws::{Caller, Pace, Rate, Request, Tries};
use scaler_wm_core::{Error, ErrorKind, Result};

/// What Batch shows as the reason of a job that we have ended.
pub(crate) const CANCELED: &str = "canceled by scaler-wm";

/// Where jobs log, if their definition does not say otherwise.
const LOG_GROUP: &str = "/aws/batch/job";
/// The last lines that are shown of a job's log.
const SHOWN_LINES: i32 = 20;
/// How long a line may be that is shown.
const SHOWN_LENGTH: usize = 400;

/// What Batch says of a failed job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) status_reason: String,
    pub(crate) container_reason: String,
    pub(crate) exit_code: Option<i32>,
    /// Group and stream of its log, as far as they are known.
    pub(crate) log: Option<(String, String)>,
}

impl Cause {
    pub(crate) fn of(job: &JobDetail) -> Self {
        let container = job.container.as_ref();
        // What the last attempt left, where the job itself says less.
        let attempt = job.attempts().last().and_then(|attempt| attempt.container.as_ref());
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let stream = container.and_then(|container| container.log_stream_name.clone());
        let stream = stream.or_else(|| attempt.and_then(|attempt| attempt.log_stream_name.clone()));
        let logging = container.and_then(|container| container.log_configuration.as_ref());
        let is_ours = logging.is_none_or(|logging| logging.log_driver == Some(LogDriver::Awslogs));
        let group = logging.and_then(|logging| logging.options.as_ref()?.get("awslogs-group").cloned());
        let group = group.unwrap_or_else(|| LOG_GROUP.to_owned());
        let reason = container.and_then(|container| container.reason.as_ref());
        Self {
            status_reason: text(job.status_reason.as_ref()),
            container_reason: text(reason.or_else(|| attempt.and_then(|attempt| attempt.reason.as_ref()))),
            exit_code: container
                .and_then(|container| container.exit_code)
                .or_else(|| attempt.and_then(|attempt| attempt.exit_code)),
            log: stream.filter(|stream| is_ours && !stream.is_empty()).map(|stream| (group, stream)),
        }
    }

    /// Whether it was ended by us.
    pub(crate) fn is_ours(&self) -> bool {
        self.status_reason.contains(CANCELED)
    }

    /// Whether the infrastructure lost the job, and nothing in it: its machine was taken away, or its container never
    /// started.
    pub(crate) fn is_infrastructure(&self) -> bool {
        let status = &*self.status_reason;
        let begins = |text: &str, starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
        let host_is_gone = ["Host EC2", "Your Spot Task was interrupted", "Your Spot instance was interrupted"];
        let never_started = [
            "CannotPullContainer",
            "CannotCreateContainer",
            "CannotStartContainer",
            "CannotInspectContainer",
            "ResourceInitializationError",
            "DockerTimeoutError",
            "DockerStateError",
            "InternalError",
            "Timeout waiting for",
        ];
        begins(status, &host_is_gone)
            || begins(&self.container_reason, &host_is_gone)
            || begins(&self.container_reason, &never_started)
            || begins(status, &never_started)
    }

    /// What happened, and the end of what the job has printed.
    pub(crate) fn error(&self, job: &str, log: &str) -> Error {
        let mut said = vec![format!("its job {job} has failed")];
        let reasons = [&self.status_reason, &self.container_reason];
        said.extend(reasons.into_iter().filter(|reason| !reason.is_empty()).cloned());
        if let Some(code) = self.exit_code {
            said.push(match signal(code) {
                Some(signal) => format!("exit code {code} ({signal})"),
                None => format!("exit code {code}"),
            });
        }
        if self.status_reason.contains("attempt duration exceeded timeout") {
            said.push("--job-timeout-minutes says how long a job may run".to_owned());
        }
        let mut text = said.join("; ");
        if !log.is_empty() {
            text = format!("{text}\nthe end of its log:\n{log}");
        }
        Error::new(ErrorKind::Failed, "run a task", text)
    }
}

/// What an exit code above 128 mostly means.
fn signal(code: i32) -> Option<&'static str> {
    match code - 128 {
        6 => Some("SIGABRT: it aborted"),
        9 => Some("SIGKILL: out of memory, or killed"),
        11 => Some("SIGSEGV: it crashed"),
        15 => Some("SIGTERM: it was told to end"),
        _ => None,
    }
}

/// Reads the logs of jobs.
#[derive(Debug)]
pub(crate) struct Logs {
    logs: LogsClient,
    caller: Caller,
    pace: Pace,
}

impl Logs {
    pub(crate) fn new(logs: LogsClient, caller: Caller) -> Self {
        // AWS allows 25 in a second in every region.
        let pace = Pace::new(Rate { burst: 10.0, per_second: 10.0 });
        Self { logs, caller, pace }
    }

    /// The end of what a job has printed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn tail(&self, cause: &Cause) -> Result<String> {
        let Some((group, stream)) = &cause.log else { return Ok(String::new()) };
        let request = Request {
            operation: "GetLogEvents",
            purpose: "read the log of a job",
            paces: &[(&self.pace, 1.0)],
            tries: Tries::Lost,
            refine: |_, _| None,
        };
        let call = self.logs.get_log_events().log_group_name(group).log_stream_name(stream);
        let call = call.limit(SHOWN_LINES).start_from_head(false);
        let events = self.caller.call(request, || call.clone().send()).await?.events.unwrap_or_default();
        let lines = events.iter().filter_map(|event| event.message.as_deref());
        let lines: Vec<String> = lines.map(|line| line.trim_end().chars().take(SHOWN_LENGTH).collect()).collect();
        Ok(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(status: &str, container: &str, exit_code: Option<i32>) -> Cause {
        let (status_reason, container_reason) = (status.to_owned(), container.to_owned());
        Cause { status_reason, container_reason, exit_code, log: None }
    }

    #[test]
    fn what_the_infrastructure_lost_is_told_from_what_failed_by_itself() {
        for (status, container, is_infrastructure) in [
            ("Host EC2 (instance i-0a1b2c3d) terminated.", "", true),
            ("Your Spot Task was interrupted.", "", true),
            ("Task failed to start", "CannotPullContainerError: pull image manifest has been retried 5 times", true),
            ("Task failed to start", "ResourceInitializationError: unable to pull secrets", true),
            ("Essential container in task exited", "", false),
            ("Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage", false),
            ("Job attempt duration exceeded timeout", "", false),
            ("canceled by scaler-wm", "", false),
        ] {
            assert_eq!(
                cause(status, container, Some(1)).is_infrastructure(),
                is_infrastructure,
                "{status} {container}"
            );
        }
    }

    #[test]
    fn the_cause_is_told_with_its_log() {
        let killed = cause("Essential container in task exited", "OutOfMemoryError: killed", Some(137));
        assert_eq!(
            killed.error("j:1", "last line").to_string(),
            "failed to run a task (failed): its job j:1 has failed; Essential container in task exited; OutOfMemoryError: killed; exit code \
             137 (SIGKILL: out of memory, or killed)\nthe end of its log:\nlast line"
        );
        let late = cause("Job attempt duration exceeded timeout", "", None).error("j", "").to_string();
        assert!(late.ends_with("--job-timeout-minutes says how long a job may run"), "{late}");
    }
}
