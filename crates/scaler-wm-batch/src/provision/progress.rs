//! What happens, told step by step.

use std::fmt;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What happened.
    pub happened: Happened,
    /// To what: its kind and its name; for a line of docker, the line.
    pub what: String,
    /// What there is to say about it; may be empty.
    pub detail: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It was made.
    Made,
    /// It is there, as it should be.
    Already,
    /// It was there, otherwise than it should be, and was changed.
    Changed,
    /// It was there before, and is no work of ours: it is used as it is, or left.
    Left,
    /// Something else has to happen first.
    Waiting,
    /// It was removed.
    Removed,
    /// It is not there any more.
    Absent,
    /// It could not be removed.
    Failed,
    /// Something is begun that takes a while.
    Doing,
    /// A program that was called says this.
    Output,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.happened {
            Happened::Made => "made",
            Happened::Already => "is there already",
            Happened::Changed => "changed",
            Happened::Left => "left as it is",
            Happened::Waiting => "waiting",
            Happened::Removed => "removed",
            Happened::Absent => "is not there",
            Happened::Failed => "failed",
            Happened::Doing => "doing",
            Happened::Output => return write!(f, "    {}", self.what),
        };
        write!(f, "{word:<17} {}", self.what)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_happened_to_what() {
        let step = |happened, detail: &str| {
            Progress { happened, what: "job queue x-queue".to_owned(), detail: detail.to_owned() }.to_string()
        };
        assert_eq!(step(Happened::Made, ""), "made              job queue x-queue");
        assert_eq!(step(Happened::Already, "VALID"), "is there already  job queue x-queue: VALID");
        assert_eq!(step(Happened::Output, ""), "    job queue x-queue");
    }
}
