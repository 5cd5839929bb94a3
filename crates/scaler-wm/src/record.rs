//! `record`: what a live scheduler has to do, into a trace.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{BufWriter, IsTerminal},
    time::Duration,
};

use scaler_wm_core::{Capabilities, Chain};
use scaler_wm_sim::trace::{Recorded, Writer};
use scaler_wm_wire::{
    Message,
    message::{StateTask, TaskId, TaskState},
    monitor::{Monitor, MonitorEvent, MonitorSettings},
    ymq::{ConnectOptions, Identity, Reconnect},
};
use tokio::time::{Instant, interval, sleep_until};

use crate::{
    cli::RecordCall,
    exit::{Failure, say},
    signals::Signals,
};

/// How long the monitor may take to be heard at the start.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// What was recorded is on disk so often, and told on a terminal.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// Records until a signal comes.
///
/// # Errors
/// When the monitor is not heard, or the trace cannot be written.
pub(crate) fn record(call: &RecordCall) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(&call.file).map_err(|error| {
        Failure::Usage(format!(
            "-o: {} cannot be written ({error}); name a file that is not there yet",
            call.file.display()
        ))
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    let recorded = runtime.block_on(listen(call, file));
    if matches!(recorded, Err(Failure::Usage(_))) {
        // Nothing was heard, and nothing is in it.
        drop(std::fs::remove_file(&call.file));
    }
    Err(Failure::Told(format!("{} in {}\n", recorded?, call.file.display())))
}

/// Records into `file`; what there is in it, in words.
async fn listen(call: &RecordCall, file: File) -> Result<String, Failure> {
    let mut signals = Signals::new()?;
    let mut monitor = Monitor::start(MonitorSettings {
        address: call.monitor.clone(),
        identity: Identity::from(format!("{}|record", std::process::id())),
        reconnect: Reconnect::default(),
        connect: ConnectOptions::default(),
        seed: u64::from(std::process::id()),
    });
    let failed = |error| Failure::Running(format!("{} cannot be written: {error}", call.file.display()));
    let mut recorder = Recorder {
        began: Instant::now(),
        open: HashMap::new(),
        writer: Writer::new(BufWriter::new(file)).map_err(failed)?,
        recorded: 0,
        unheard: 0,
    };
    let heard_until = Instant::now() + HEARD_WITHIN;
    let mut is_heard = false;
    let mut why = "it does not answer".to_owned();
    let mut ticks = interval(FLUSH_EVERY);
    loop {
        tokio::select! {
            // Cancel safe by contract.
            () = signals.next() => break,
            event = monitor.next() => match event {
                MonitorEvent::Up if !is_heard => {
                    is_heard = true;
                    recorder.began = Instant::now();
                    say(&format!("recording {} into {}; Ctrl-C or SIGTERM ends it\n", call.monitor, call.file.display()));
                }
                MonitorEvent::Up => say("the monitor is back\n"),
                MonitorEvent::Said(message) => {
                    if let Message::StateTask(event) = *message {
                        recorder.task(event).map_err(failed)?;
                    }
                }
                MonitorEvent::Down { error, was_heard } => {
                    why = Chain(&error).to_string();
                    if was_heard {
                        say(&format!("the monitor is away ({why}): what happens meanwhile is missing; trying on\n"));
                    }
                }
            },
            // Cancel safe: timers.
            _ = ticks.tick() => {
                recorder.writer.flush().map_err(failed)?;
                if is_heard && std::io::stderr().is_terminal() {
                    say(&format!("\r{}", recorder.told()));
                }
            }
            () = sleep_until(heard_until), if !is_heard => {
                return Err(Failure::Usage(format!(
                    "MONITOR_ADDRESS: no monitor is heard at {} within {} s ({why}); it is the scheduler's port + 2 unless the \
                     scheduler was told another",
                    call.monitor,
                    HEARD_WITHIN.as_secs()
                )));
            }
        }
    }
    recorder.writer.flush().map_err(failed)?;
    if std::io::stderr().is_terminal() {
        say("\n");
    }
    Ok(recorder.told())
}

struct Recorder {
    began: Instant,
    /// Tasks that came and have not ended, with the time of their arrival in seconds.
    open: HashMap<TaskId, (f64, Capabilities)>,
    writer: Writer<BufWriter<File>>,
    recorded: u64,
    /// Tasks that ended, and had come before we listened.
    unheard: u64,
}

impl Recorder {
    fn task(&mut self, event: StateTask) -> std::io::Result<()> {
        match event.state {
            TaskState::Inactive => {
                let at = self.began.elapsed().as_secs_f64();
                let needs = event.capabilities.into_iter().map(|one| (one.name, one.value)).collect();
                self.open.entry(event.task).or_insert((at, needs));
                Ok(())
            }
            TaskState::Success | TaskState::Failed => {
                let took = event.ran_for();
                match (self.open.remove(&event.task), took) {
                    (Some((at, capabilities)), Some(took)) => {
                        self.recorded += 1;
                        self.writer.add(&Recorded { at, seconds: took.as_secs_f64(), capabilities })
                    }
                    (None, _) => {
                        self.unheard += 1;
                        Ok(())
                    }
                    // It failed before it ran.
                    (Some(_), None) => Ok(()),
                }
            }
            TaskState::WorkerDied | TaskState::Canceled | TaskState::CanceledNotFound => {
                self.open.remove(&event.task);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn told(&self) -> String {
        let open = self.open.len();
        let unheard = match self.unheard {
            0 => String::new(),
            unheard => format!(", {unheard} left out that had come before"),
        };
        format!("{} tasks, {open} left out that have not ended{unheard}", self.recorded)
    }
}
