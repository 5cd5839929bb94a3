//! `aws_hpc`: single tasks as jobs of AWS Batch.

use scaler_wm_core::options::{
    CONTROL, Kind, LOCAL_POLICY, LOGGING, MANAGER_WITHOUT_LIMIT, OPERATION, OptionError, OptionSpec, Preset, Values,
    WORKER,
};

use crate::{Section, agents::AGENTS, section::MANAGER_TABLES, security::TRUST};

/// Single tasks as jobs of AWS Batch.
pub const AWS_HPC: Section = Section {
    name: "aws_hpc",
    about: "Tasks as jobs of AWS Batch",
    // The released one never follows its limit: what may be in the queue is max_concurrent_jobs for each of its workers.
    options: &[MANAGER_WITHOUT_LIMIT, OPTIONS, AGENTS, WORKER, LOGGING, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check,
    examples: &["aws_hpc tcp://127.0.0.1:8516 -q my-queue -d my-definition --s3-bucket my-bucket"],
    tables: MANAGER_TABLES,
};

fn check(values: &Values) -> Result<(), OptionError> {
    if values.text("s3_prefix").eq_ignore_ascii_case("none") {
        return Err(values.problem("s3_prefix", "job runners take this word for no prefix at all; choose another one"));
    }
    Ok(())
}

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("job_queue", Kind::Text, Preset::Required, "Job queue of AWS Batch.")
        .short("q")
        .value("NAME")
        .sample("my-queue"),
    OptionSpec::new("job_definition", Kind::Text, Preset::Required, "Job definition of AWS Batch.")
        .short("d")
        .value("NAME")
        .sample("my-definition"),
    OptionSpec::new("s3_bucket", Kind::Text, Preset::Required, "S3 bucket for what tasks take and give.")
        .value("NAME")
        .sample("my-bucket"),
    OptionSpec::new("s3_prefix", Kind::AnyText, Preset::Text("scaler-tasks"), "Prefix of keys in the bucket.")
        .value("PREFIX"),
    OptionSpec::new("aws_region", Kind::Text, Preset::Text("us-east-1"), "AWS region of queue and bucket.")
        .value("REGION"),
    OptionSpec::new("backend", Kind::Choice(&["batch"]), Preset::Text("batch"), "Service that runs jobs: batch.")
        .short("b")
        .value("KIND"),
    OptionSpec::new("name", Kind::Text, Preset::Nothing, "Name of the worker that takes tasks from the scheduler.")
        .short("n")
        .value("NAME")
        .sample("aws-batch-worker"),
    OptionSpec::new(
        "max_concurrent_jobs",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(100),
        "Jobs that may run at once: the task concurrency of one unit.",
    )
    .short("mcj")
    .value("N"),
    OptionSpec::new(
        "job_timeout_minutes",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(60),
        "Minutes after which AWS ends a job.",
    )
    .value("MINUTES"),
    OptionSpec::new(
        "job_retries",
        Kind::Integer { min: 0, special: None },
        Preset::Integer(3),
        "Times that a task is handed over again whose job the infrastructure has lost: its host was taken away, its image \
         could not be pulled. A task that raises an exception is never run again.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "array_window_seconds",
        Kind::Float,
        Preset::Float(0.5),
        "Seconds for which a task waits for others: those that come within them go out as one array job, a lone one as a \
         job of its own.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "batch_calls_per_second",
        Kind::PositiveFloat,
        Preset::Float(50.0),
        "Calls of each kind (submit, look, end) to AWS Batch in a second; a call that AWS throttles slows its kind down for \
         a while.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "s3_calls_per_second",
        Kind::PositiveFloat,
        Preset::Float(500.0),
        "Calls to S3 in a second; one that AWS throttles slows them down for a while.",
    )
    .value("N")
    .ours(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MANAGERS, SYMPHONY};

    #[test]
    fn only_this_one_has_no_limit_unless_it_is_given_one() {
        let preset = |section: &Section| {
            let spec = section.specs().find(|spec| spec.key == "max_task_concurrency");
            spec.map(|spec| spec.preset)
        };
        let without: Vec<&str> = MANAGERS
            .iter()
            .filter(|section| preset(section) == Some(Preset::Integer(-1)))
            .map(|section| section.name)
            .collect();
        assert_eq!(without, ["aws_hpc"]);
        // The released one takes it for the tasks of each worker, so the default is the same there.
        assert_eq!(preset(&SYMPHONY), Some(Preset::Cpus));
    }
}
