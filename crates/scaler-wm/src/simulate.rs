//! `simulate`: what would this configuration have done?

use std::{
    fs,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

use scaler_wm_sim::{Progress, Simulation, plot, table};

use crate::{
    cli::SimulateCall,
    exit::{Failure, answer, say},
};

/// While it runs, a line tells how far it is, so often.
const TELL_EVERY: Duration = Duration::from_millis(200);

/// Runs a simulation and tells what came of it.
///
/// # Errors
/// When the file is wrong, or the picture cannot be written.
pub(crate) fn simulate(call: &SimulateCall) -> Result<(), Failure> {
    let simulation = Simulation::read(&call.file).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut teller = Teller::new();
    let outcomes = simulation.run(|progress| teller.tell(&progress)).map_err(Failure::setup)?;
    teller.done();
    if let Some(path) = &call.plot {
        let picture = plot(&outcomes).map_err(Failure::running)?;
        fs::write(path, picture)
            .map_err(|error| Failure::Running(format!("--plot: {} cannot be written: {error}", path.display())))?;
    }
    let text = if call.is_json {
        let json = serde_json::to_string_pretty(&outcomes).map_err(Failure::running)?;
        json + "\n"
    } else {
        table(&outcomes)
    };
    answer(&text)
}

/// Tells how far it is, on a terminal.
struct Teller {
    is_shown: bool,
    began: Instant,
    last: Option<Instant>,
    width: usize,
}

impl Teller {
    fn new() -> Self {
        Self { is_shown: io::stderr().is_terminal(), began: Instant::now(), last: None, width: 0 }
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        if !self.is_shown || self.last.is_some_and(|last| last.elapsed() < TELL_EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let hours = progress.at / 3_600.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "20 at most")]
        let full = (20.0 * (progress.at / progress.of.max(1.0)).clamp(0.0, 1.0)) as usize;
        let line = format!(
            "[{:<20}] {}: {hours:.2} h simulated, {} tasks done, {:.0} s",
            "#".repeat(full),
            progress.policy,
            progress.completed,
            self.began.elapsed().as_secs_f64()
        );
        self.write(&line);
    }

    fn write(&mut self, line: &str) {
        say(&format!("\r{line:<width$}", width = self.width));
        self.width = line.chars().count();
    }

    fn done(&mut self) {
        if self.width > 0 {
            self.write("");
            say("\r");
        }
    }
}
