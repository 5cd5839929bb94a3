//! From settings to the configuration of an SDK client.

use std::{fmt, time::Duration};

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use scaler_wm_core::options::{Origin, Values};

use crate::credentials::Renewing;

/// The longest that one try of a call may take; an answer that comes later counts as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where AWS is, and who we are there.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// The region.
    pub region: String,
    /// The named profile of the AWS configuration; the default one if there is none.
    pub profile: Option<String>,
    /// Keys that are given; else the SDK's own chain finds credentials.
    pub keys: Option<Keys>,
    /// Where every service is; else the variables `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_ECS`, … say so, or AWS itself.
    pub endpoint_url: Option<String>,
}

/// An access key.
#[derive(Clone)]
pub struct Keys {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// What is shown of a key's id: enough to tell one's own keys apart.
pub(crate) fn end_of(id: &str) -> &str {
    id.get(id.len().saturating_sub(4)..).unwrap_or_default()
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("id", &format_args!("…{}", end_of(&self.id))).finish_non_exhaustive()
    }
}

impl AwsSettings {
    /// Those of a region, with credentials and endpoints as the SDK finds them.
    #[must_use]
    pub fn new(region: impl Into<String>) -> Self {
        Self { region: region.into(), profile: None, keys: None, endpoint_url: None }
    }

    /// What these values of a section's options say: `aws_region`, and where the section has them `aws_profile`,
    /// `aws_access_key_id` and `aws_secret_access_key`.
    #[must_use]
    pub fn from_values(values: &Values) -> Self {
        let text = |key| if values.has(key) { values.maybe_text(key) } else { None };
        let secret = |key| if values.has(key) { values.maybe_secret(key) } else { None };
        let profile = text("aws_profile");
        // A profile that is named goes before keys that happen to be in the environment.
        let is_around = |key| profile.is_some() && matches!(values.origin(key), Origin::Environment(_));
        let given = |key| secret(key).filter(|_| !is_around(key));
        let keys = given("aws_access_key_id").zip(given("aws_secret_access_key"));
        Self {
            region: values.text("aws_region"),
            profile,
            keys: keys.map(|(id, secret)| Keys { id: id.expose().to_owned(), secret: secret.expose().to_owned() }),
            endpoint_url: None,
        }
    }

    /// The configuration. Nothing is called; credentials are looked for when the first call needs them.
    pub async fn load(&self) -> SdkConfig {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_WITHIN).operation_attempt_timeout(ANSWER_WITHIN).build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(Renewing::new(self.clone()))
            .timeout_config(timeouts)
            // `Caller` repeats calls, so that every try keeps the pace and is counted.
            .retry_config(RetryConfig::disabled());
        if let Ok(name) = AppName::new(concat!("scaler-wm-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        if let Some(endpoint) = &self.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        loader.load().await
    }
}
