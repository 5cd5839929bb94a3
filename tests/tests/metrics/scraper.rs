//! Asks a manager for its pages, and reads them as Prometheus does.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use scaler_wm_tests::{Failure, ManagerOptions, Ports, Result, Venv, python_scripts};
use serde_json::{Value, json};

/// What asks: one Python process, so that a look costs a millisecond.
pub(crate) struct Scraper {
    port: u16,
    child: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// A page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u64,
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// One look at all metrics.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) page: Page,
    pub(crate) families: Vec<Value>,
}

/// Which form is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    OpenMetrics,
    Prometheus,
}

impl Scraper {
    /// One for a manager that has yet to be started, with [`Scraper::options`].
    pub(crate) fn start() -> Result<Self> {
        let failed = |error: std::io::Error| Failure::new("start what reads metrics", error);
        let venv = Venv::with_prometheus(&|line| eprintln!("{line}"))?;
        let mut command = Command::new(venv.python());
        command.arg(python_scripts().join("scrape.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::new("start what reads metrics", "it has no pipes"));
        };
        Ok(Self { port: Ports::single()?, child, pipes: Mutex::new((input, BufReader::new(output))) })
    }

    /// The same options, and where the manager serves its metrics.
    pub(crate) fn options(&self, mut options: ManagerOptions) -> ManagerOptions {
        options.extra.extend(["--http-address".to_owned(), format!("127.0.0.1:{}", self.port)]);
        options
    }

    fn ask(&self, path: &str, format: Option<&str>) -> Result<Value> {
        let failed = |error: std::io::Error| Failure::new(format!("read {path}"), error);
        let asked = json!({"url": format!("http://127.0.0.1:{}{path}", self.port), "format": format});
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(pipes.0, "{asked}").map_err(failed)?;
        let mut line = String::new();
        pipes.1.read_line(&mut line).map_err(failed)?;
        // What it cannot read it says on standard error, and ends.
        serde_json::from_str(&line).map_err(|error| Failure::new(format!("read {path}"), format!("{error}: {line:?}")))
    }

    /// A page as it is; status 0 where nobody answers.
    pub(crate) fn page(&self, path: &str) -> Result<Page> {
        self.ask(path, None).map(|answer| Page::of(&answer))
    }

    /// All metrics, if anybody answers.
    pub(crate) fn figures(&self, form: Form) -> Result<Option<Figures>> {
        let form = match form {
            Form::OpenMetrics => "openmetrics",
            Form::Prometheus => "prometheus",
        };
        let mut answer = self.ask("/metrics", Some(form))?;
        let Value::Array(families) = answer["families"].take() else { return Ok(None) };
        Ok(Some(Figures { page: Page::of(&answer), families }))
    }
}

impl Drop for Scraper {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Page {
    fn of(answer: &Value) -> Self {
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        Self { status: answer["status"].as_u64().unwrap_or_default(), kind: text("kind"), text: text("text") }
    }
}

impl Figures {
    /// The sum of all samples of this name that have these labels; `None` where there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let samples = self.families.iter().flat_map(|family| family["samples"].as_array().into_iter().flatten());
        let fits =
            |sample: &&Value| sample[0] == name && labels.iter().all(|(label, value)| sample[1][label] == *value);
        samples.filter(fits).filter_map(|sample| sample[2].as_f64()).reduce(|sum, value| sum + value)
    }

    /// The same, where none is 0 as well.
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.sum(name, labels).unwrap_or_default()
    }

    /// What the parser has found out about a family.
    pub(crate) fn family(&self, name: &str) -> Option<&Value> {
        self.families.iter().find(|family| family["name"] == name)
    }
}
