//! From options to a configuration.

use std::{
    fs,
    path::{Path, PathBuf},
};

use scaler_wm_core::{
    files,
    options::{OptionError, Values},
};
use scaler_wm_options::Section;
use tracing::warn;

use crate::{Codec, SymphonyConfig};

/// The options of `symphony`.
pub const SECTION: Section = scaler_wm_options::SYMPHONY;

/// The file in the state folder that knows sessions of earlier processes.
const SESSIONS: &str = "symphony-sessions";

impl SymphonyConfig {
    /// The configuration that these values of [`SECTION`]'s options describe.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together, or the file of the password cannot be read.
    pub fn from_values(values: &Values) -> Result<Self, OptionError> {
        let config = Self::without_password(values)?;
        Ok(Self { password: password(values)?, ..config })
    }

    /// Checks what [`SymphonyConfig::from_values`] does, but for the file of the password, which may be on another host.
    ///
    /// # Errors
    /// When values that are right by themselves do not go together.
    pub fn check_values(values: &Values) -> Result<(), OptionError> {
        Self::without_password(values).map(drop)
    }

    fn without_password(values: &Values) -> Result<Self, OptionError> {
        (SECTION.check)(values)?;
        let priority = values.maybe_integer("soam_session_priority").map(|_| values.fitting("soam_session_priority"));
        let application = values.text("service_name");
        Ok(Self {
            library: PathBuf::from(values.text("soam_library")),
            user: values.text("security_user"),
            session_name: values.text("soam_session_name"),
            session_type: values.text("soam_session_type"),
            session_tag: values.maybe_text("soam_session_tag"),
            service: values.maybe_text("soam_service"),
            priority: priority.transpose()?,
            codec: if values.text("soam_codec") == "raw" { Codec::Raw } else { Codec::ByteArray },
            retries: values.fitting("task_retries")?,
            sessions: values.maybe_text("state_dir").map(|folder| PathBuf::from(folder).join(SESSIONS)),
            ..Self::new(application)
        })
    }
}

/// The password, from the file or the option that has it; without one the released manager's.
fn password(values: &Values) -> Result<String, OptionError> {
    let Some(path) = values.maybe_text("soam_password_file") else {
        let given = values.maybe_secret("security_password").map(|password| password.expose().to_owned());
        return Ok(given.unwrap_or_else(|| SymphonyConfig::new("").password));
    };
    if let Some(problem) = files::open_to_all(Path::new(&path)) {
        warn!("--soam-password-file {path}: {problem}");
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| values.problem("soam_password_file", format!("{path} cannot be read: {error}")))?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    let empty = || values.problem("soam_password_file", format!("the first line of {path} is empty"));
    line.map(str::to_owned).ok_or_else(empty)
}
