//! `scaler-wm top` in a terminal: a pane of a tmux server of its own, which ends with the test.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio, id},
    sync::atomic::{AtomicU32, Ordering},
};

use scaler_wm_tests::{Failure, Proc, Result, all_processes, manager_binary, until};

/// How long anything may take to be seen.
const SEEN_WITHIN: f64 = 30.0;
/// What is at the terminal before.
const BEFORE: &str = "this was here before";

/// A pane.
pub(crate) struct Tmux {
    name: String,
    folder: PathBuf,
}

impl Tmux {
    /// Starts a shell in a pane of this size, and in it what `words` say. `start` starts the server, in the environment of a
    /// stack.
    pub(crate) fn start(
        folder: &Path,
        (width, height): (u16, u16),
        words: &[&str],
        start: impl FnOnce(&mut Command) -> Result<()>,
    ) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("scaler-wm-{}-{}", id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = folder.join(&name);
        // The modes of the terminal before and after, and a reader at the end, so that the pane stays.
        let script = format!(
            "echo {BEFORE}\nstty -g > \"$0/before\"\n\"$@\"\ncode=$?\nstty -g > \"$0/after\"\necho \"ended with $code\"\nexec cat\n"
        );
        fs::create_dir(&folder).map_err(|error| Failure::new("make a folder", error))?;
        let tmux = Self { name, folder };
        let (width, height) = (width.to_string(), height.to_string());
        let mut command = tmux.command(&["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height]);
        command.args(["sh", "-c", &script]).arg(&tmux.folder).args(words);
        // The server keeps the environment of whoever starts it.
        command.env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("TMUX");
        start(&mut command)?;
        Ok(tmux)
    }

    fn command(&self, words: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new("tmux");
        // Its socket goes with the folder of the stack.
        command.env("TMUX_TMPDIR", &self.folder).args(["-u", "-L", &self.name]).args(words);
        command
    }

    /// Tells tmux something; what it answers.
    pub(crate) fn tell(&self, words: &[&str]) -> Result<String> {
        let output = self.command(words).stdin(Stdio::null()).output();
        let output = output.map_err(|error| Failure::new("run tmux", error))?;
        if !output.status.success() {
            return Err(Failure::new(format!("tell tmux {words:?}"), String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What is in the pane.
    pub(crate) fn pane(&self) -> String {
        self.tell(&["capture-pane", "-p"]).unwrap_or_default()
    }

    pub(crate) fn press(&self, keys: &[&str]) -> Result<()> {
        self.tell(&[&["send-keys"], keys].concat()).map(drop)
    }

    /// Waits until the pane has all of these words; what is in it then.
    pub(crate) fn until(&self, words: &[&str]) -> Result<String> {
        self.until_it(&format!("{words:?} in the pane"), |pane| words.iter().all(|words| pane.contains(words)))
    }

    pub(crate) fn until_it(&self, what: &str, holds: impl Fn(&str) -> bool) -> Result<String> {
        let look = || Some(self.pane()).filter(|pane| holds(pane));
        until(what, SEEN_WITHIN, look).map_err(|failure| failure.with_context(format!("--- pane\n{}", self.pane())))
    }

    /// A failure with the pane, unless this holds.
    pub(crate) fn check(&self, holds: bool, what: &str) -> Result<()> {
        if holds { Ok(()) } else { Err(Failure::new(format!("see {what}"), self.pane())) }
    }

    /// Whether a program has the screen to itself, and whether there is a cursor.
    pub(crate) fn screen(&self) -> Result<(bool, bool)> {
        let flags = self.tell(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"])?;
        Ok((flags.starts_with('1'), flags.trim_end().ends_with('1')))
    }

    /// The process of `top`.
    pub(crate) fn top(&self) -> Result<Proc> {
        let shell: i32 = self.tell(&["display-message", "-p", "#{pane_pid}"])?.trim().parse().unwrap_or(0);
        let is_it = |process: &Proc| process.parent == shell && process.command.contains(" top ");
        until("the process of `top`", SEEN_WITHIN, || all_processes().into_iter().find(is_it))
    }

    /// Waits until the program has ended with this code; nothing of it may be left at the terminal.
    pub(crate) fn until_ended(&self, code: i32) -> Result<()> {
        let pane = self.until(&[&format!("ended with {code}")])?;
        self.check(pane.starts_with(BEFORE) && !pane.contains("desired"), "the screen as it was")?;
        let (is_alternate, has_cursor) = self.screen()?;
        self.check(!is_alternate && has_cursor, "its own screen, and a cursor")?;
        let modes = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        let (before, after) = (modes("before"), modes("after"));
        println!("stty -g before and after:\n{before}{after}");
        self.check(before == after && !before.is_empty(), &format!("the modes {before}, not {after}"))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.tell(&["kill-server"]);
    }
}

/// The words that start `top`.
pub(crate) fn words(more: &[&str]) -> Result<Vec<String>> {
    let binary = manager_binary()?.to_string_lossy().into_owned();
    Ok([binary, "top".to_owned()].into_iter().chain(more.iter().map(ToString::to_string)).collect())
}
