//! The one error of this crate.

/// Why a simulation cannot be run, or a trace cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file says something that is wrong.
    #[error("{place}: {problem}")]
    Wrong {
        /// Where: the file, with a line where there is one.
        place: String,
        /// What is wrong, and what to write.
        problem: String,
    },
    /// A picture cannot be drawn.
    #[error("failed to draw: {0}")]
    Draw(String),
}

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn wrong(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Wrong { place: place.into(), problem: problem.into() }
    }

    pub(crate) fn file(path: impl Into<String>, source: std::io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}
