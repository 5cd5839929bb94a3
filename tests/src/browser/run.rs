//! The processes of a browser, and what is asked of it.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::error::WebDriverResult;
use thirtyfour::{Capabilities, WebDriver};
use tokio::runtime::Runtime;

use super::carrier::Carrier;
use super::install::{PROGRAMS, needed};
use crate::processes::{MARKER, kill_all};
use crate::{Failure, LogFile, Process, Result, descendants, marked, until};

/// Nothing that a browser does on its own: no network but the page's, no profile of anybody.
const FLAGS: [&str; 9] = [
    "--headless",
    // As root, where a container has no other user.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// A browser with a profile of its own. All its processes are killed when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Option<WebDriver>,
    runtime: Runtime,
    process: Process,
    marker: String,
    folder: TempDir,
}

impl Browser {
    /// Starts one.
    ///
    /// # Errors
    /// When Chromium or its driver is missing or does not come up.
    pub fn start() -> Result<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let failed = |error: std::io::Error| Failure::new("start a browser", error);
        let [chromium, chromedriver] = PROGRAMS;
        let (chromium, chromedriver) = (needed(chromium)?, needed(chromedriver)?);
        let folder = tempfile::Builder::new().prefix("scaler-wm-browser-").tempdir().map_err(failed)?;
        let marker = format!("browser-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let mut command = Command::new(chromedriver);
        // A port that the kernel picks, which it then says.
        command.arg("--port=0").env(MARKER, &marker).env("HOME", folder.path()).env("TMPDIR", folder.path());
        let process = Process::start("chromedriver", &mut command, LogFile::new(folder.path().join("driver.log")))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let mut browser = Self { driver: None, runtime, process, marker, folder };

        let port = until("chromedriver say its port", 30.0, || port_in(&browser.process.log().text()))
            .map_err(|failure| failure.with_context(browser.process.log().tail(30)))?;
        let profile = format!("--user-data-dir={}", browser.folder.path().join("profile").display());
        let flags: Vec<&str> = FLAGS.into_iter().chain([&*profile]).collect();
        let Value::Object(wanted) = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": flags},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }) else {
            return Err(Failure::new("start a browser", "what is wanted of it is no object"));
        };
        let place = format!("http://127.0.0.1:{port}");
        let start = WebDriver::builder(place, Capabilities::from(wanted)).client(Carrier { port }).connect();
        browser.driver = Some(browser.wait("start a browser", start)?);
        Ok(browser)
    }

    /// Waits for what was asked of the driver.
    pub(super) fn wait<T>(&self, what: &str, asked: impl Future<Output = WebDriverResult<T>>) -> Result<T> {
        let within = async { tokio::time::timeout(Duration::from_secs(60), asked).await };
        match self.runtime.block_on(within) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(Failure::new(what, error).with_context(self.process.log().tail(30))),
            Err(_) => Err(Failure::new(what, "no answer within 60 s").with_context(self.process.log().tail(30))),
        }
    }

    pub(super) fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().ok_or_else(|| Failure::new("ask a browser", "it has not started"))
    }

    /// The process that drives it: all others are its descendants.
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Not asked to leave: a test that failed may have left it in any state.
        if let Some(driver) = self.driver.take() {
            let _ = driver.leak();
        }
        // The driver last: what it has started is found as its descendants. Some change what they show of their
        // environment, and others outlive their parents.
        let (pid, marker) = (self.process.pid(), &self.marker);
        let mine = || {
            let mut all = descendants(pid);
            all.extend(marked(marker).into_iter().filter(|process| process.pid != pid));
            all
        };
        kill_all(mine);
        self.process.kill();
        kill_all(|| marked(marker));
    }
}

/// The port that the driver listens at.
fn port_in(log: &str) -> Option<u16> {
    log.lines().find_map(|line| line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok())
}
