//! Released clients, each in a process of its own.

use std::io::Write;
use std::process::ExitStatus;

use serde_json::Value;

use crate::{Failure, LogFile, Process, Result, Starts, until};

/// A client script of `tests/python`.
#[derive(Clone, Debug)]
pub enum Script {
    /// Tasks that sleep and give back their number.
    Workload {
        /// How many.
        tasks: u32,
        /// How long each takes, in seconds.
        seconds: f64,
    },
    /// 60 short tasks and, towards their end, long ones that stay while fewer workers are wanted.
    LongTasks {
        /// How many long ones.
        tasks: u32,
        /// How long each takes, in seconds.
        seconds: f64,
    },
    /// Short tasks, each recorded when it starts.
    Counted {
        /// How many.
        tasks: u32,
        /// How long each takes, in seconds.
        seconds: f64,
    },
    /// Tasks that are all submitted at once, each recorded when it starts.
    Burst {
        /// How many.
        tasks: u32,
        /// How long each takes, in seconds.
        seconds: f64,
    },
    /// Bursts of tasks of mixed durations and priorities, some of them nested, each recorded when it starts.
    Mixed {
        /// What all of it follows from.
        seed: u64,
        /// What some tasks ask for, separated by commas; none if empty.
        capabilities: String,
    },
    /// Short tasks, each of which gives back in which process and which unit it ran.
    Pids {
        /// How many.
        tasks: u32,
        /// How long each takes, in seconds.
        seconds: f64,
    },
    /// Tasks of every kind, and what becomes of each.
    Outcomes {
        /// How many run at a time: with 1 also those whose order matters, else those that start others.
        slots: u32,
    },
    /// Tasks that do nothing, all submitted at once.
    Flood {
        /// How many.
        tasks: u32,
        /// How many are submitted before them and waited for, so that whatever is started once has been.
        first: u32,
    },
    /// Tasks that end in different ways, all submitted at once, by two serializers.
    AtOnce,
    /// Tasks that [`Client::command`] asks for: they run until [`Client::release`].
    Commanded,
    /// Tasks with arguments of certain sizes, each checked where it runs.
    Sizes {
        /// Whether all are submitted at once, or each when the one before has ended.
        at_once: bool,
        /// The sizes, in bytes.
        sizes: Vec<u32>,
    },
    /// Tasks that run until [`Client::release`]; those on the workers that were held run on.
    Held {
        /// How many.
        tasks: u32,
    },
}

impl Script {
    pub(crate) fn file(&self) -> &'static str {
        match self {
            Self::Workload { .. } => "workload.py",
            Self::LongTasks { .. } => "long_tasks.py",
            Self::Counted { .. } => "counted.py",
            Self::Burst { .. } => "burst.py",
            Self::Mixed { .. } => "mixed.py",
            Self::Pids { .. } => "pids.py",
            Self::Outcomes { .. } => "outcomes.py",
            Self::Flood { .. } => "flood.py",
            Self::Held { .. } => "held.py",
            Self::AtOnce => "at_once.py",
            Self::Commanded => "commanded.py",
            Self::Sizes { .. } => "sizes.py",
        }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        match self {
            Self::Workload { tasks, seconds }
            | Self::LongTasks { tasks, seconds }
            | Self::Counted { tasks, seconds }
            | Self::Burst { tasks, seconds }
            | Self::Pids { tasks, seconds } => {
                vec![tasks.to_string(), seconds.to_string()]
            }
            Self::Mixed { seed, capabilities } => vec![seed.to_string(), capabilities.clone()],
            Self::Outcomes { slots } => vec![slots.to_string()],
            Self::Flood { tasks, first } => vec![tasks.to_string(), first.to_string()],
            Self::Held { tasks } => vec![tasks.to_string()],
            Self::AtOnce | Self::Commanded => Vec::new(),
            Self::Sizes { at_once, sizes } => {
                let sizes = sizes.iter().map(u32::to_string);
                std::iter::once(u8::from(*at_once).to_string()).chain(sizes).collect()
            }
        }
    }
}

/// What a client reports at its end.
#[derive(Clone, Copy, Debug)]
pub struct Finished {
    /// Results received.
    pub done: u64,
    /// Whether every result was the expected one.
    pub right: bool,
    /// From the first submission to the last result, in seconds.
    pub seconds: f64,
    /// When the last result came, in seconds since the epoch.
    pub at: f64,
}

/// A running client.
#[derive(Debug)]
pub struct Client {
    process: Process,
    starts: Starts,
}

impl Client {
    pub(crate) fn new(process: Process, starts: LogFile) -> Self {
        Self { process, starts: Starts::new(starts) }
    }

    /// The starts that its tasks recorded.
    pub fn starts(&self) -> &Starts {
        &self.starts
    }

    /// Its exit status when it has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.process.exited()
    }

    /// Results received so far.
    pub fn done(&self) -> u64 {
        self.events().iter().rev().find_map(|event| event["done"].as_u64()).unwrap_or(0)
    }

    /// When the first task was submitted, in seconds since the epoch.
    ///
    /// # Errors
    /// When that does not happen within 30 s.
    pub fn submitted(&self) -> Result<f64> {
        until("the client's submission", 30.0, || self.event("submitted")?["time"].as_f64())
    }

    /// Waits until a [`Script::Burst`] has handed over its last task.
    ///
    /// # Errors
    /// When that does not happen within 30 s.
    pub fn until_all_submitted(&self) -> Result<()> {
        until("the client's last submission", 30.0, || self.event("all submitted").map(|_| ()))
    }

    /// Lets held tasks end, but not those that run on the worker with process id `except`.
    ///
    /// # Errors
    /// When the files that the tasks look for cannot be written.
    pub fn release(&self, except: i32) -> Result<()> {
        let write = |suffix: &str, text: String| {
            let path = self.starts.path().with_extension(suffix);
            std::fs::write(path, text).map_err(|error| Failure::new("release the held tasks", error))
        };
        write("held", except.to_string())?;
        write("released", String::new())
    }

    /// Gives a command to [`Script::Commanded`]: `submit N`, `cancel N` or `end`.
    ///
    /// # Errors
    /// When the file from which it reads that cannot be written.
    pub fn command(&self, command: &str) -> Result<()> {
        let path = self.starts.path().with_extension("commands");
        let file = std::fs::File::options().create(true).append(true).open(path);
        let written = file.and_then(|mut file| writeln!(file, "{command}"));
        written.map_err(|error| Failure::new(format!("command a client to {command}"), error))
    }

    /// How many tasks were submitted on command so far.
    pub fn commanded(&self) -> u64 {
        let submitted = self.events().into_iter().rev().find(|event| event["event"] == "submitted");
        submitted.and_then(|event| event["tasks"].as_u64()).unwrap_or(0)
    }

    /// What came of the commands to cancel so far: the task, and whether the client says that it is canceled.
    pub fn canceled(&self) -> Vec<(u64, bool)> {
        let events = self.events().into_iter().filter(|event| event["event"] == "canceled");
        events.filter_map(|event| Some((event["task"].as_u64()?, event["canceled"].as_bool()?))).collect()
    }

    /// The process and the unit in which each task of [`Script::Pids`] ran, once all have.
    pub fn ran_in(&self) -> Vec<(i32, String)> {
        let results = self.event("results").map(|event| event["results"].clone());
        let ran_in = |result: &Value| Some((i32::try_from(result[0].as_i64()?).ok()?, result[1].as_str()?.to_owned()));
        results.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(ran_in).collect()
    }

    /// What became of each task of [`Script::Outcomes`], a line each, once all have ended.
    pub fn outcomes(&self) -> Vec<String> {
        let cases = self.events().into_iter().filter(|event| event["event"] == "case");
        cases.map(|case| format!("{}: {}", case["name"], case["outcome"])).collect()
    }

    /// The processes in which the argument of [`Script::Outcomes`] that leaves a mark was unpickled.
    pub fn marks(&self) -> Vec<i32> {
        let path = format!("{}.pids", self.starts.path().display());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    /// Waits for its end and gives its report.
    ///
    /// # Errors
    /// When it does not end within `seconds`, or ends without a report.
    pub fn finish(&mut self, seconds: f64) -> Result<Finished> {
        let status = self.process.wait(seconds)?;
        let report = self.event("finished").and_then(|event| {
            let (done, right) = (event["done"].as_u64()?, event["right"].as_bool()?);
            Some(Finished { done, right, seconds: event["seconds"].as_f64()?, at: event["time"].as_f64()? })
        });
        report.ok_or_else(|| Failure::new("get the client's report", format!("it ended with {status} and gave none")))
    }

    fn event(&self, name: &str) -> Option<Value> {
        self.events().into_iter().find(|event| event["event"] == name)
    }

    /// The lines of its output that are events; the package prints other lines between them.
    fn events(&self) -> Vec<Value> {
        let text = self.process.log().text();
        text.lines().filter(|line| line.starts_with('{')).filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
