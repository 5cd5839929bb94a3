//! Progress for people, and Ctrl-C.

use std::io::{IsTerminal, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scaler_wm_tests::{Failure, Result, interrupt};

/// How often a line is printed where lines cannot be overwritten.
const EVERY: Duration = Duration::from_secs(2);

/// One line that is overwritten on a terminal, and printed from time to time elsewhere.
pub(crate) struct Progress {
    terminal: bool,
    printed: Option<Instant>,
    last: String,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { terminal: stdout().is_terminal(), printed: None, last: String::new() }
    }

    /// Shows `line` instead of what was shown before.
    pub(crate) fn show(&mut self, line: String) {
        if line == self.last {
            return;
        }
        if self.terminal {
            // Erases to the end of the line, as the new text may be shorter.
            print!("\r{line}\x1b[K");
            let _ = stdout().flush();
        } else if self.printed.is_none_or(|printed| printed.elapsed() >= EVERY) {
            println!("{line}");
            self.printed = Some(Instant::now());
        }
        self.last = line;
    }

    /// Ends the line, so that other text can follow.
    pub(crate) fn end(&mut self) {
        if self.terminal && !self.last.is_empty() {
            println!();
        }
        self.last.clear();
        self.printed = None;
    }
}

/// Lets Ctrl-C and SIGTERM make every wait of the harness fail, so that it cleans up on its way out. A second one ends
/// the program at once.
pub(crate) fn clean_up_on_signals() -> Result<()> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // In this order: the first signal finds the flag unset, the second one ends the program.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&asked)))
            .map_err(|error| Failure::new("listen to signals", error))?;
    }
    thread::spawn(move || {
        while !asked.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
        }
        interrupt();
    });
    Ok(())
}
