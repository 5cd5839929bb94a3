//! From options to a configuration.

use std::time::Duration;

use scaler_wm_aws::AwsSettings;
use scaler_wm_core::{
    ManagerId,
    options::{OptionError, Values},
};
use scaler_wm_options::Section;

use crate::{BatchConfig, Paces};

/// The options of `aws_hpc`.
pub const SECTION: Section = scaler_wm_options::AWS_HPC;

impl BatchConfig {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together.
    pub fn from_values(values: &Values, manager: &ManagerId) -> Result<Self, OptionError> {
        (SECTION.check)(values)?;
        let minutes = values.integer("job_timeout_minutes").unsigned_abs();
        Ok(Self {
            aws: AwsSettings::from_values(values),
            queue: values.text("job_queue"),
            definition: values.text("job_definition"),
            bucket: values.text("s3_bucket"),
            prefix: values.text("s3_prefix"),
            job_timeout: Duration::from_secs(minutes.saturating_mul(60)),
            retries: values.fitting("job_retries")?,
            window: values.seconds("array_window_seconds"),
            paces: Paces::new(values.float("batch_calls_per_second"), values.float("s3_calls_per_second")),
            manager: manager.clone(),
        })
    }
}
