//! What the executor is told.

use std::{fmt, path::PathBuf};

use crate::abi;

/// Where Symphony is, who we are there, and what our sessions are.
#[derive(Clone)]
pub struct SymphonyConfig {
    /// The library that speaks to it, by our ABI; a name without a slash is looked for where the loader looks.
    pub library: PathBuf,
    /// The application; Scaler's flags call it the service.
    pub application: String,
    /// The user.
    pub user: String,
    /// The user's password. Shown nowhere.
    pub password: String,
    /// What people see of a session.
    pub session_name: String,
    /// A session type of the application profile. Only a recoverable one outlives this process.
    pub session_type: String,
    /// A label on sessions.
    pub session_tag: Option<String>,
    /// Which service of the application runs the tasks; its default one if there is none.
    pub service: Option<String>,
    /// 1 to 10,000, the higher the sooner; the application's default if there is none.
    pub priority: Option<u16>,
    /// How bytes travel.
    pub codec: Codec,
    /// How often a task is handed over again that was lost with its session.
    pub retries: u32,
    /// A file that knows sessions of earlier processes, so that none is left behind; `None` to keep none.
    pub sessions: Option<PathBuf>,
}

/// How bytes travel inside Symphony's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// As IBM's `DefaultByteArrayMessage` writes them: what Scaler's service reads.
    #[default]
    ByteArray,
    /// Alone, without a length.
    Raw,
}

impl Codec {
    pub(crate) const fn of_abi(self) -> u32 {
        match self {
            Self::ByteArray => abi::CODEC_BYTE_ARRAY,
            Self::Raw => abi::CODEC_RAW,
        }
    }
}

impl SymphonyConfig {
    /// The name of the library that the shim's Makefile builds.
    pub const LIBRARY: &'static str = "libscaler_soam.so";

    /// The released manager's defaults, for an application.
    #[must_use]
    pub fn new(application: impl Into<String>) -> Self {
        Self {
            library: PathBuf::from(Self::LIBRARY),
            application: application.into(),
            user: "Guest".to_owned(),
            password: "Guest".to_owned(),
            session_name: "ScalerSession".to_owned(),
            session_type: "RecoverableAllHistoricalData".to_owned(),
            session_tag: None,
            service: None,
            priority: None,
            codec: Codec::default(),
            retries: 3,
            sessions: None,
        }
    }
}

impl fmt::Debug for SymphonyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SymphonyConfig")
            .field("library", &self.library)
            .field("application", &self.application)
            .field("user", &self.user)
            .field("session_name", &self.session_name)
            .field("session_type", &self.session_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let config = SymphonyConfig { password: "hush".to_owned(), ..SymphonyConfig::new("Service") };
        assert!(!format!("{config:?} {config:#?}").contains("hush"));
    }
}
