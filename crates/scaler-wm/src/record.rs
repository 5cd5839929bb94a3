//! `record`: what a live scheduler has to do, into a trace.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{BufWriter, IsTerminal, Write},
    time::Duration,
};

use scaler_wm_core::{Capabilities, Chain};
use scaler_wm_sim::trace::{Recorded, Writer};
use scaler_wm_wire::{
    Message,
    message::{StateScheduler, StateTask, TaskId, TaskState},
    monitor::{Monitor, MonitorEvent, MonitorSettings},
    ymq::{ConnectOptions, Identity, Reconnect},
};
use tokio::time::{Instant, interval, sleep_until};

use crate::{
    cli::RecordCall,
    exit::{Failure, answer, say},
    peers::{backend, warning},
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
    answer(&format!("{} in {}\n", recorded?, call.file.display()))
}

/// Records into `file`; what there is in it, in words.
async fn listen(call: &RecordCall, file: File) -> Result<String, Failure> {
    let mut signals = Signals::new()?;
    if let Some(warning) = warning(&call.trust) {
        say(&format!("warning: {warning}\n"));
    }
    let mut monitor = Monitor::start(MonitorSettings {
        address: call.monitor.clone(),
        identity: Identity::from(format!("{}|record", std::process::id())),
        reconnect: Reconnect::default(),
        connect: ConnectOptions {
            trust: call.trust.clone(),
            backend: backend(Some(&call.monitor))?,
            ..ConnectOptions::default()
        },
        seed: u64::from(std::process::id()),
    });
    let failed = |error| Failure::Running(format!("{} cannot be written: {error}", call.file.display()));
    let mut recorder = Recorder::new(BufWriter::new(file)).map_err(failed)?;
    let mut patience = Some(Instant::now() + HEARD_WITHIN);
    let mut is_heard = false;
    let mut is_up = false;
    let mut why = "it does not answer".to_owned();
    let mut ticks = interval(FLUSH_EVERY);
    loop {
        tokio::select! {
            // Cancel safe by contract.
            () = signals.next() => break,
            event = monitor.next() => match event {
                MonitorEvent::Up => {
                    is_up = true;
                    recorder.begin();
                    if is_heard {
                        say("the monitor is back\n");
                    }
                }
                MonitorEvent::Said(message) => {
                    if !is_heard {
                        is_heard = true;
                        patience = None;
                        recorder.began = Instant::now();
                        say(&format!("recording {} into {}; Ctrl-C or SIGTERM ends it\n", call.monitor, call.file.display()));
                    }
                    match *message {
                        Message::StateTask(event) => recorder.task(event).map_err(failed)?,
                        Message::StateScheduler(report) => recorder.report(&report),
                        _ => {}
                    }
                }
                MonitorEvent::Down { error, was_heard } => {
                    is_up = false;
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
            () = sleep_until(patience.unwrap_or_else(Instant::now)), if patience.is_some() => {
                if is_up {
                    patience = None;
                    say(&format!("{} has said nothing yet; recording begins with its first word\n", call.monitor));
                    continue;
                }
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

struct Recorder<W> {
    began: Instant,
    /// Tasks that came and have not ended.
    open: HashMap<TaskId, Open>,
    writer: Writer<W>,
    recorded: u64,
    /// Tasks that came before we listened and have not been heard of; `None` before a report has told.
    before: Option<u32>,
    /// Tasks that ended, and had come before we listened.
    unheard: u64,
}

/// A task that came and has not ended.
struct Open {
    /// When it came, in seconds since the recording began.
    at: f64,
    capabilities: Capabilities,
    /// Whether it was heard of since the monitor was last lost.
    is_sure: bool,
}

impl<W: Write> Recorder<W> {
    fn new(to: W) -> std::io::Result<Self> {
        Ok(Self {
            began: Instant::now(),
            open: HashMap::new(),
            writer: Writer::new(to)?,
            recorded: 0,
            before: None,
            unheard: 0,
        })
    }

    /// The monitor is heard from here on: of what was open before, some may have ended unheard.
    fn begin(&mut self) {
        self.before = None;
        self.open.values_mut().for_each(|open| open.is_sure = false);
    }

    fn report(&mut self, report: &StateScheduler) {
        // Those that came before are fewer and fewer: once there are none, every task is heard of from its arrival on.
        let heard = self.open.values().filter(|open| open.is_sure).count();
        let unknown = report.live_tasks().saturating_sub(u32::try_from(heard).unwrap_or(u32::MAX));
        self.before = Some(self.before.map_or(unknown, |before| before.min(unknown)));
    }

    fn task(&mut self, event: StateTask) -> std::io::Result<()> {
        if event.state.has_ended() {
            return self.ended(&event);
        }
        if let Some(open) = self.open.get_mut(&event.task) {
            open.is_sure = true;
            return Ok(());
        }
        // Now and then a new task is first heard of when it is running already (seen with 2.9.0).
        let is_new = event.state == TaskState::Inactive || self.before == Some(0);
        if is_new {
            let at = self.began.elapsed().as_secs_f64();
            let capabilities = event.capabilities.into_iter().collect();
            self.open.insert(event.task, Open { at, capabilities, is_sure: true });
        }
        Ok(())
    }

    fn ended(&mut self, event: &StateTask) -> std::io::Result<()> {
        let Some(Open { at, capabilities, .. }) = self.open.remove(&event.task) else {
            if event.state != TaskState::CanceledNotFound {
                self.unheard += 1;
            }
            return Ok(());
        };
        // What was cancelled, or failed before it ran, says nothing of how long it takes.
        let (TaskState::Success | TaskState::Failed, Some(took)) = (event.state, event.ran_for()) else {
            return Ok(());
        };
        self.recorded += 1;
        self.writer.add(&Recorded { at, seconds: took.as_secs_f64(), capabilities })
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

#[cfg(test)]
mod tests {
    use scaler_wm_wire::message::TaskCount;

    use super::*;

    fn tell(recorder: &mut Recorder<Vec<u8>>, task: &str, state: TaskState) {
        let mut event = StateTask::new(TaskId::from(task.as_bytes()), state);
        if state == TaskState::Success {
            event.metadata = [2.5_f32.to_be_bytes(), [0; 4], [0; 4], [0; 4]].concat().into();
        }
        recorder.task(event).unwrap();
    }

    fn report(live: u32) -> StateScheduler {
        let tasks = vec![TaskCount { state: TaskState::Running as u8, count: live }];
        StateScheduler { tasks, ..StateScheduler::default() }
    }

    #[test]
    fn a_task_that_is_first_heard_of_when_it_runs_came_then() {
        let mut recorder = Recorder::new(Vec::new()).unwrap();
        recorder.report(&report(0));
        tell(&mut recorder, "one", TaskState::Running);
        tell(&mut recorder, "one", TaskState::Success);
        assert_eq!(recorder.told(), "1 tasks, 0 left out that have not ended");
    }

    #[test]
    fn what_came_before_is_left_out_for_as_long_as_there_is_any() {
        let mut recorder = Recorder::new(Vec::new()).unwrap();
        // Before a report has told, and while it tells of one that was never heard of.
        tell(&mut recorder, "old", TaskState::Running);
        tell(&mut recorder, "new", TaskState::Inactive);
        recorder.report(&report(3));
        tell(&mut recorder, "older", TaskState::Running);
        for task in ["old", "new", "older"] {
            tell(&mut recorder, task, TaskState::Success);
        }
        assert_eq!(recorder.told(), "1 tasks, 0 left out that have not ended, 2 left out that had come before");
        recorder.report(&report(0));
        tell(&mut recorder, "late", TaskState::Running);
        tell(&mut recorder, "late", TaskState::Success);
        assert_eq!(recorder.told(), "2 tasks, 0 left out that have not ended, 2 left out that had come before");
    }

    #[test]
    fn what_ended_while_nobody_listened_hides_nobody_else() {
        let mut recorder = Recorder::new(Vec::new()).unwrap();
        recorder.report(&report(0));
        ["a", "b"].into_iter().for_each(|task| tell(&mut recorder, task, TaskState::Inactive));
        // Both end, and two others come.
        recorder.begin();
        recorder.report(&report(2));
        tell(&mut recorder, "c", TaskState::Running);
        tell(&mut recorder, "c", TaskState::Success);
        assert_eq!(recorder.told(), "0 tasks, 2 left out that have not ended, 1 left out that had come before");
    }

    #[test]
    fn what_was_cancelled_teaches_nothing() {
        let mut recorder = Recorder::new(Vec::new()).unwrap();
        tell(&mut recorder, "one", TaskState::Inactive);
        tell(&mut recorder, "one", TaskState::Canceled);
        assert_eq!(recorder.told(), "0 tasks, 0 left out that have not ended");
    }
}
