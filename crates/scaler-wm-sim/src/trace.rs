//! Recorded workloads: when tasks came, how long they ran, and what they needed.
//!
//! A trace is lines of JSON. The first one is `{"scaler_wm_trace":1}`; each further one is a task:
//! `{"at":12.5,"seconds":0.2,"capabilities":{"gpu":-1}}`, `at` being seconds since the trace began and
//! `capabilities` left out where there are none. Tasks stand in any order: they are written when they end.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    sync::Arc,
};

use scaler_wm_core::Capabilities;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The version of the format.
pub const VERSION: u32 = 1;

/// A recorded workload.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<[Recorded]>);

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// When it came, in seconds since the trace began.
    pub at: f64,
    /// How long it ran, in seconds.
    pub seconds: f64,
    /// What it needed.
    #[serde(default, skip_serializing_if = "Capabilities::is_empty")]
    pub capabilities: Capabilities,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    scaler_wm_trace: u32,
}

impl Trace {
    /// A trace of these tasks, in any order.
    #[must_use]
    pub fn new(mut tasks: Vec<Recorded>) -> Self {
        tasks.sort_by(|one, other| one.at.total_cmp(&other.at));
        Self(tasks.into())
    }

    /// Its tasks, in order of their arrival.
    #[must_use]
    pub fn tasks(&self) -> &[Recorded] {
        &self.0
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no trace of this version; with the line.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::file(&*name, error))?;
        Self::parse(&name, BufReader::new(file))
    }

    /// Reads what `name` holds.
    ///
    /// # Errors
    /// As [`Trace::read`].
    pub fn parse(name: &str, from: impl BufRead) -> Result<Self> {
        let mut tasks = Vec::new();
        let mut from = from;
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            if from.read_line(&mut line).map_err(|error| Error::file(name, error))? == 0 {
                break;
            }
            // A recorder that was killed leaves half a line.
            if !line.ends_with('\n') && number > 1 && serde_json::from_str::<Recorded>(&line).is_err() {
                break;
            }
            let wrong = |problem: String| Error::wrong(format!("{name}:{number}"), problem);
            if number == 1 {
                let head = serde_json::from_str::<Head>(&line).map_err(|_| {
                    wrong(format!("it is no trace; `scaler-wm record` writes one, which begins with {{\"scaler_wm_trace\":{VERSION}}}"))
                })?;
                if head.scaler_wm_trace != VERSION {
                    return Err(wrong(format!(
                        "version {} is not known here; this is version {VERSION}",
                        head.scaler_wm_trace
                    )));
                }
                continue;
            }
            let task: Recorded = serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
            if !(0.0..1e12).contains(&task.at) || !(0.0..1e12).contains(&task.seconds) {
                return Err(wrong("at and seconds are at least 0".to_owned()));
            }
            tasks.push(task);
        }
        if tasks.is_empty() {
            return Err(Error::wrong(name, "there is no task in it"));
        }
        Ok(Self::new(tasks))
    }
}

/// Writes a trace as it is recorded.
#[derive(Debug)]
pub struct Writer<W>(W);

impl<W: Write> Writer<W> {
    /// Begins a trace.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut to: W) -> std::io::Result<Self> {
        serde_json::to_writer(&mut to, &Head { scaler_wm_trace: VERSION })?;
        to.write_all(b"\n")?;
        Ok(Self(to))
    }

    /// Adds a task.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, task: &Recorded) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.0, task)?;
        self.0.write_all(b"\n")
    }

    /// What it was written to.
    pub fn into_inner(self) -> W {
        self.0
    }

    /// Writes what waits to be written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
