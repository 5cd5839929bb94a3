//! What the executor is told.

use std::time::Duration;

use scaler_wm_aws::{AwsSettings, Rate};
use scaler_wm_core::ManagerId;

/// Where jobs run, where their objects are, and how fast calls are made.
#[derive(Clone, Debug)]
pub struct BatchConfig {
    /// Where AWS is, and who we are there.
    pub aws: AwsSettings,
    /// Name or ARN of the job queue.
    pub queue: String,
    /// Name, name with revision, or ARN of the job definition.
    pub definition: String,
    /// Bucket of what tasks take and give.
    pub bucket: String,
    /// What the keys in it begin with; `inputs/`, `array/` and `results/` are below.
    pub prefix: String,
    /// AWS ends an attempt of a job after this time.
    pub job_timeout: Duration,
    /// How often a task is handed over again that the infrastructure has lost.
    pub retries: u32,
    /// Tasks that arrive within this time go out together, as an array job.
    pub window: Duration,
    /// How fast calls are made.
    pub paces: Paces,
    /// Whose jobs they are: part of their names.
    pub manager: ManagerId,
}

/// How fast calls are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paces {
    /// Calls to Batch that submit, cancel or terminate jobs; each kind has its own bucket.
    pub jobs: Rate,
    /// Calls to Batch that look at jobs.
    pub look: Rate,
    /// Calls to S3.
    pub objects: Rate,
}

impl Default for Paces {
    fn default() -> Self {
        Self::new(50.0, 500.0)
    }
}

impl Paces {
    /// So many calls of each kind to Batch in a second, and to S3.
    #[must_use]
    pub const fn new(batch_per_second: f64, s3_per_second: f64) -> Self {
        let batch = Rate { burst: batch_per_second, per_second: batch_per_second };
        let objects = Rate { burst: s3_per_second, per_second: s3_per_second };
        Self { jobs: batch, look: batch, objects }
    }
}

impl BatchConfig {
    /// The released manager's defaults, for jobs of this definition in this queue.
    #[must_use]
    pub fn new(
        aws: AwsSettings,
        queue: impl Into<String>,
        definition: impl Into<String>,
        bucket: impl Into<String>,
    ) -> Self {
        Self {
            aws,
            queue: queue.into(),
            definition: definition.into(),
            bucket: bucket.into(),
            prefix: "scaler-tasks".to_owned(),
            job_timeout: Duration::from_secs(3600),
            retries: 3,
            window: Duration::from_millis(500),
            paces: Paces::default(),
            manager: ManagerId::from("scaler-wm"),
        }
    }
}
