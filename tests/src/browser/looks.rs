//! What a browser is asked, and what it shows.

use std::path::Path;

use serde_json::{Value, json};
use thirtyfour::Key;

use super::Browser;
use crate::{Failure, Result};

/// What a person prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Dark letters on a light page.
    Light,
    /// Light letters on a dark page.
    Dark,
}

impl Browser {
    /// Opens a page, and waits until it is loaded.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self, address: &str) -> Result<()> {
        self.wait(&format!("open {address}"), self.driver()?.goto(address))
    }

    /// What a script gives back, `return …` included.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, script: &str) -> Result<Value> {
        let told = self.wait(&format!("run {script:?}"), self.driver()?.execute(script, Vec::new()))?;
        Ok(told.json().clone())
    }

    /// What is read where the first element of this selector is; nothing where there is none.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn text(&self, selector: &str) -> Result<String> {
        let told = self.run(&format!("return document.querySelector({})?.innerText ?? ''", json!(selector)))?;
        Ok(told.as_str().unwrap_or_default().to_owned())
    }

    /// Whether an expression is true; not if it fails.
    pub fn holds(&self, expression: &str) -> bool {
        self.run(&format!("return !!({expression})")).is_ok_and(|told| told == true)
    }

    /// Presses a key where the focus is.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn press(&self, key: Key) -> Result<()> {
        self.wait("press a key", self.driver()?.action_chain().send_keys(key).perform())
    }

    /// Lets it be so many pixels wide and high.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).map(drop)
    }

    /// Lets a page know what is preferred.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn prefer(&self, scheme: Scheme) -> Result<()> {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features).map(drop)
    }

    /// Writes what it shows to a file, as PNG.
    ///
    /// # Errors
    /// When it cannot.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        let picture = self.wait("take a screenshot", self.driver()?.screenshot_as_png())?;
        std::fs::write(path, picture).map_err(|error| Failure::new(format!("write {}", path.display()), error))
    }

    /// What pages complained of on the console since the last call: errors and warnings.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn complaints(&self) -> Result<Vec<String>> {
        let lines = self.wait("read the console", self.driver()?.get_log("browser"))?;
        let bad = lines.into_iter().filter(|line| matches!(&*line.level, "SEVERE" | "WARNING"));
        Ok(bad.map(|line| line.message).collect())
    }

    /// The messages of the network since the last call, such as `Network.requestWillBeSent`: their parameters.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub fn network(&self, message: &str) -> Result<Vec<Value>> {
        let lines = self.wait("read what the network did", self.driver()?.get_log("performance"))?;
        let messages = lines.into_iter().filter_map(|line| serde_json::from_str::<Value>(&line.message).ok());
        let mut messages: Vec<Value> = messages.map(|mut line| line["message"].take()).collect();
        messages.retain(|told| told["method"] == message);
        Ok(messages.into_iter().map(|mut told| told["params"].take()).collect())
    }

    fn devtools(&self, method: &str, parameters: Value) -> Result<Value> {
        self.wait(method, self.driver()?.cdp().send_raw(method, parameters))
    }
}
