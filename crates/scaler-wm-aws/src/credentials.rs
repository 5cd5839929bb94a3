//! Credentials that are looked for anew, so that renewed ones need no restart.

use std::{
    env,
    time::{Duration, SystemTime},
};

use aws_config::{
    Region, default_provider::credentials::DefaultCredentialsChain, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
};
use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, future},
};

use crate::AwsSettings;

/// Credentials that name no end are looked for again after this time.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// The given keys, else what the SDK's chain finds each time it is asked: the chain itself reads files once.
#[derive(Debug)]
pub(crate) struct Renewing {
    settings: AwsSettings,
}

impl Renewing {
    pub(crate) fn new(settings: AwsSettings) -> Self {
        Self { settings }
    }

    async fn find(&self) -> provider::Result {
        if let Some(keys) = &self.settings.keys {
            // Temporary keys come with a session token, which has an option of its own nowhere.
            let is_from_environment = env::var("AWS_ACCESS_KEY_ID").is_ok_and(|id| id == keys.id);
            let token = env::var("AWS_SESSION_TOKEN").ok().filter(|token| is_from_environment && !token.is_empty());
            return Ok(Credentials::new(&keys.id, &keys.secret, token, None, "options"));
        }
        let region = Region::new(self.settings.region.clone());
        let found = match &self.settings.profile {
            // No other: a name that is mistyped must not lead to somebody else's account.
            Some(profile) => {
                let config = ProviderConfig::without_region().with_region(Some(region));
                let named = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile);
                named.build().provide_credentials().await?
            }
            None => DefaultCredentialsChain::builder().region(region).build().await.provide_credentials().await?,
        };
        let expiry = found.expiry().unwrap_or_else(|| SystemTime::now() + LOOK_AGAIN_AFTER);
        let token = found.session_token().map(str::to_owned);
        Ok(Credentials::new(found.access_key_id(), found.secret_access_key(), token, Some(expiry), "chain"))
    }
}

impl ProvideCredentials for Renewing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.find())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;

    #[tokio::test]
    async fn keys_that_are_given_are_used_and_shown_nowhere() {
        let keys = Keys { id: "AKIDGIVEN".to_owned(), secret: "hush".to_owned() };
        let renewing = Renewing::new(AwsSettings { keys: Some(keys), ..AwsSettings::new("us-east-1") });
        let found = renewing.provide_credentials().await.unwrap();
        assert_eq!(
            (found.access_key_id(), found.secret_access_key(), found.session_token()),
            ("AKIDGIVEN", "hush", None)
        );
        let shown = format!("{renewing:?} {found:?}");
        assert!(!shown.contains("hush") && format!("{renewing:?}").contains("…IVEN"), "{shown}");
        assert!(!format!("{renewing:?}").contains("AKIDGIVEN"));
        let token = Credentials::new("AKID", "hush", Some("hush".to_owned()), None, "test");
        assert!(!format!("{token:?} {token:#?}").contains("hush"), "what the SDK shows of a session token");
    }
}
