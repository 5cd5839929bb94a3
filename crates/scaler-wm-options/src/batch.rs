//! `aws_hpc`: single tasks as jobs of AWS Batch.

use scaler_wm_core::options::{Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionSpec, Preset, WORKER};

use crate::{
    Section,
    section::{MANAGER_TABLES, as_declared},
    security::TRUST,
};

/// Single tasks as jobs of AWS Batch.
pub const AWS_HPC: Section = Section {
    name: "aws_hpc",
    about: "Tasks as jobs of AWS Batch",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, TRUST, LOCAL_POLICY],
    check: as_declared,
    examples: &["aws_hpc tcp://127.0.0.1:8516 -q my-queue -d my-definition --s3-bucket my-bucket"],
    tables: MANAGER_TABLES,
};

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
];
