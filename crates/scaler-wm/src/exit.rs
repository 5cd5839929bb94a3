//! From an error to an exit code and a sentence. Nowhere else does an error meet the user.

use std::{
    error::Error as StdError,
    io::{self, Write},
    process::ExitCode,
};

use rustix::stdio::stderr;
use scaler_wm_core::{Chain, ErrorKind, options::OptionError};

use crate::plain::plain_lines;

/// It ran, and failed.
const FAILED: u8 = 1;
/// The command line, a file or the environment is wrong: nothing was started.
const USAGE: u8 = 2;
/// Ended by a second signal, with something left behind.
const CUT_SHORT: u8 = 130;

/// The codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  stopped as asked, nothing left behind
    1  failed, for now or while running, or something is left behind
    2  wrong flag, file or environment: nothing was started
  130  ended by a second signal, at once";

/// Writes to standard error. Not `eprint!`, which panics when nobody listens any more.
pub(crate) fn say(text: &str) {
    let _ = rustix::io::write(stderr(), text.as_bytes());
}

/// Writes what was asked for to standard output. Not `print!`, which panics when nobody listens any more.
///
/// # Errors
/// When it cannot be written, but for a reader who has gone.
pub(crate) fn answer(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Running(format!("failed to write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Why the program ends with something other than 0.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is wrong with what was asked.
    Usage(String),
    /// Nothing is done, since the command line asks for these words, such as `--help`.
    Told(String),
    /// clap has the words: wrong flags, but `--help` and `--version`, too.
    Clap(Box<clap::Error>),
    /// It ran, and failed.
    Running(String),
    /// It ran, and has told what is amiss: there is nothing more to say.
    Amiss,
    /// A second signal came.
    CutShort(String),
}

impl Failure {
    /// Nothing was started, since what is there does not do.
    pub(crate) fn setup(error: impl StdError + 'static) -> Self {
        Self::Usage(Chain(&error).to_string())
    }

    /// A backend could not be started: what may pass by itself is no mistake of the user's, and another start may do better.
    #[cfg_attr(
        not(any(feature = "batch", feature = "ec2", feature = "ecs", feature = "external", feature = "symphony")),
        expect(dead_code, reason = "what starts by calls to others is left out")
    )]
    pub(crate) fn start(error: scaler_wm_core::Error) -> Self {
        match error.kind() {
            ErrorKind::Transient | ErrorKind::Throttled => Self::running(error),
            _ => Self::setup(error),
        }
    }

    /// It ran, and failed.
    pub(crate) fn running(error: impl StdError + 'static) -> Self {
        Self::Running(Chain(&error).to_string())
    }

    /// What went wrong, in words.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Told(text) | Self::Usage(text) | Self::Running(text) | Self::CutShort(text) => text,
            Self::Clap(error) => error.to_string(),
            Self::Amiss => String::new(),
        }
    }

    /// Tells the user, and the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Self::Clap(error) => {
                // Help and version go to standard output, and are no failure.
                drop(error.print());
                return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
            }
            Self::Told(text) => return answer(&text).map_or_else(Self::report, |()| ExitCode::SUCCESS),
            Self::Amiss => return ExitCode::from(FAILED),
            Self::Usage(text) => (USAGE, text),
            Self::Running(text) => (FAILED, text),
            Self::CutShort(text) => (CUT_SHORT, text),
        };
        say(&format!("error: {}\n", plain_lines(&text)));
        ExitCode::from(code)
    }
}

impl From<OptionError> for Failure {
    fn from(error: OptionError) -> Self {
        Self::Usage(error.to_string())
    }
}
