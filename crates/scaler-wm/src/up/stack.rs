//! Starts everything in order, watches it, stops it in the reverse order.

use std::{collections::VecDeque, path::Path, time::Duration};

use scaler_wm_core::options::Raw;
use tokio::{
    sync::{mpsc, watch},
    task::LocalSet,
    time::{Instant, sleep, timeout_at},
};

use super::{
    board::{Board, Card},
    listening::listens,
    member::{GUI, MANAGERS, Member, SCHEDULER, STOP_WITHIN, State, What},
    part::{End, Running, Tell},
};
use crate::{
    cli::StackCall,
    config::{Part, StackConfig},
    control::{Listening, Plan},
    exit::Failure,
    manage::{self, is_up},
    notify::Teller,
    signals::Signals,
};

/// How long a part may take until it listens.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How often a part that starts is looked at: short against what a Python process takes to start.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Starts everything in a file, and stays until one part ends or a signal comes; then stops the others.
///
/// # Errors
/// Whatever keeps a part from starting, ends it early, or is left behind.
pub(crate) fn up(config: StackConfig, call: &StackCall) -> Result<(), Failure> {
    let plan = Plan::new(config.managers())?;
    let mut stack = Stack::new(config, call)?;
    // The main thread, which stays: parts are told of the end of the thread that started them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    LocalSet::new().block_on(&runtime, async {
        stack.listening = plan.open().await?;
        let ended = stack.run().await;
        std::mem::take(&mut stack.listening).end().await;
        ended
    })
}

/// A part has ended as it should, and that ends everything.
#[derive(Debug)]
struct Over {
    name: String,
}

struct Stack {
    members: Vec<Member>,
    board: Board,
    names_lines: bool,
    ends: mpsc::UnboundedReceiver<(usize, End)>,
    ended: mpsc::UnboundedSender<(usize, End)>,
    /// Whether managers may begin: the scheduler listens, if there is one here.
    begin: watch::Sender<bool>,
    teller: Teller,
    /// Where managers are watched.
    listening: Listening,
}

impl Stack {
    /// Makes sure, as far as can be told beforehand, that everything can be started; starts nothing.
    fn new(config: StackConfig, call: &StackCall) -> Result<Self, Failure> {
        for manager in config.managers() {
            manager.check_that_it_can_run()?;
        }
        let is_python_needed = config.parts.iter().any(|part| matches!(part, Part::Python(_)));
        let python = match is_python_needed {
            true => scaler_wm_python::interpreter(config.python.as_deref().map(Path::new)).map_err(Failure::setup)?,
            false => Default::default(),
        };
        // For what belongs to no manager.
        let fallback =
            tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_target(false).with_ansi(false);
        let _ = tracing::dispatcher::set_global_default(fallback.with_writer(std::io::stderr).finish().into());
        let members = config.parts.into_iter().map(|part| Member::new(part, &python)).collect::<Result<Vec<_>, _>>()?;
        let cards: Vec<Card> = members.iter().map(|member| member.card.clone()).collect();
        let is_json =
            call.found.iter().any(|found| found.key == "log_format" && found.raw == Raw::Text("json".to_owned()));
        let (ended, ends) = mpsc::unbounded_channel();
        Ok(Self {
            board: Board::new(is_json, &cards),
            members,
            names_lines: call.names_lines,
            ends,
            ended,
            begin: watch::Sender::new(false),
            teller: Teller::from_environment(),
            listening: Listening::default(),
        })
    }

    async fn run(&mut self) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        self.teller.begin();
        let outcome = tokio::select! {
            outcome = self.start_and_watch() => {
                let reason = match &outcome {
                    Ok(Over { name }) => format!("{name} has ended"),
                    Err(_) => "a part has failed".to_owned(),
                };
                self.board.stopping(&reason);
                self.teller.stopping(&reason);
                outcome.map(|Over { .. }| ())
            }
            // Cancel safe: a signal that is not taken stays. What has been started is in `members`.
            () = signals.next() => {
                self.board.stopping("told to");
                self.teller.stopping("told to");
                Ok(())
            }
        };
        let stopped = tokio::select! {
            stopped = self.stop() => stopped,
            () = signals.next() => Err(self.cut_short()),
        };
        outcome.and(stopped)
    }

    /// Starts one part after the other, and waits until one ends, which it names.
    async fn start_and_watch(&mut self) -> Result<Over, Failure> {
        for at in 0..self.members.len() {
            self.start(at)?;
            if self.members[at].stage == 0 {
                // What follows stands on it.
                while !self.look(at)? {
                    if let Some(over) = self.wait_or_end().await? {
                        return Ok(over);
                    }
                }
            }
        }
        loop {
            let mut are_all_up = true;
            for at in 0..self.members.len() {
                are_all_up &= self.look(at)?;
            }
            let schedulers_are_up =
                self.members.iter().all(|member| member.stage != SCHEDULER || matches!(member.state, State::Up(_)));
            if schedulers_are_up {
                self.begin.send_if_modified(|begins| !std::mem::replace(begins, true));
            }
            if are_all_up {
                break;
            }
            if let Some(over) = self.wait_or_end().await? {
                return Ok(over);
            }
        }
        let cards: Vec<Card> = self.members.iter().map(|member| member.card.clone()).collect();
        let waits = |member: &&Member| matches!(member.state, State::Starting(..));
        let waiting: Vec<String> = self.members.iter().filter(waits).map(|member| member.card.name.clone()).collect();
        self.board.all_up(&cards, &waiting);
        // Of those that wait it hears when they are up.
        self.teller.rest_is_up();
        loop {
            if let Some((at, end)) = self.ends.recv().await {
                return self.one_ended(at, end, "");
            }
        }
    }

    fn start(&mut self, at: usize) -> Result<(), Failure> {
        let width = self.board.width();
        let (ended, begin) = (self.ended.clone(), self.begin.subscribe());
        let member = &mut self.members[at];
        let State::Waiting(what) = std::mem::replace(&mut member.state, State::Over) else { return Ok(()) };
        self.board.tell(&member.card, "starting", "");
        // Nobody listens any more when this process ends at once.
        let ended = move |end| drop(ended.send((at, end)));
        let prefix = if self.names_lines { format!("{:<width$} | ", member.card.name) } else { String::new() };
        let kind = match &*what {
            What::Manager(config, _) => config.kind.section.name,
            What::Command(_) => "",
        };
        let started = match *what {
            What::Command(command) => Running::command(&command, prefix, ended),
            What::Manager(config, dispatch) => Running::manager(*config, dispatch, begin, ended),
        };
        let running =
            started.map_err(|error| Failure::Running(format!("failed to start {}: {error}", member.card.name)))?;
        if let Some(control) = &running.control {
            self.teller.manager(control, member.fixed);
            self.listening.add(control, kind);
        }
        member.state = State::Starting(running, Instant::now());
        Ok(())
    }

    /// Whether a part is up, or has been.
    fn look(&mut self, at: usize) -> Result<bool, Failure> {
        let member = &mut self.members[at];
        let State::Starting(running, since) = &member.state else { return Ok(matches!(member.state, State::Up(_))) };
        let is_up = match (&running.control, running.pid) {
            (Some(control), _) => is_up(&control.status(), member.fixed),
            (None, Some(pid)) => listens(pid, &member.places),
            (None, None) => false,
        };
        if !is_up {
            if since.elapsed() > READY_WITHIN && running.pid.is_some() {
                let seconds = READY_WITHIN.as_secs();
                let name = &member.card.name;
                let places = member.card.addresses.join(", ");
                return Err(Failure::Running(format!(
                    "{name} does not listen at {places} after {seconds} s; its lines above say why"
                )));
            }
            // A manager waits for its scheduler, which may be elsewhere and come later.
            return Ok(running.control.is_some() && since.elapsed() > READY_WITHIN);
        }
        let seconds = since.elapsed().as_secs_f64();
        if let State::Starting(running, _) = std::mem::replace(&mut member.state, State::Over) {
            member.state = State::Up(running);
        }
        self.board.tell(&self.members[at].card, "up", &format!("after {seconds:.2} s"));
        Ok(true)
    }

    /// Waits a moment; an end that comes meanwhile is the end of it all.
    async fn wait_or_end(&mut self) -> Result<Option<Over>, Failure> {
        tokio::select! {
            () = sleep(LOOK_EVERY) => Ok(None),
            // Cancel safe: a channel's receiver loses nothing. The sender is held by `self`: never `None`.
            Some((at, end)) = self.ends.recv() => self.one_ended(at, end, " before everything was up").map(Some),
        }
    }

    /// A part has ended by itself.
    fn one_ended(&mut self, at: usize, end: End, when: &str) -> Result<Over, Failure> {
        let has_begun = |member: &Member| member.stage != MANAGERS || matches!(member.state, State::Up(_));
        let has_nothing_begun = !self.members.iter().any(has_begun);
        let member = &mut self.members[at];
        member.state = State::Over;
        let name = member.card.name.clone();
        match end {
            // One in fixed mode may have done all it had to before others are there.
            End::Clean if when.is_empty() || member.fixed.is_some() => Ok(Over { name }),
            End::Clean => Err(Failure::Running(format!("{name} ended{when}"))),
            End::Bad(how, lines) if lines.is_empty() => Err(Failure::Running(format!("{name} failed{when}: {how}"))),
            End::Bad(how, lines) => Err(Failure::Running(format!(
                "{name} failed{when}: {how}; the last lines that it printed:\n{}",
                lines.trim_end()
            ))),
            End::Refused(problem) if has_nothing_begun => Err(Failure::Usage(format!("{name}: {problem}"))),
            End::Refused(problem) => Err(Failure::Running(format!("{name} cannot begin: {problem}"))),
        }
    }

    /// Stops stage after stage, last one first.
    async fn stop(&mut self) -> Result<(), Failure> {
        let mut left = Vec::new();
        for stage in (0..=GUI).rev() {
            let mut longest = Duration::ZERO;
            let mut open = 0;
            for member in self.members.iter_mut().rev().filter(|member| member.stage == stage) {
                let (State::Starting(running, _) | State::Up(running)) = &member.state else { continue };
                running.tell(Tell::Stop);
                longest = longest.max(member.stop_within);
                open += 1;
            }
            let mut is_killed = false;
            let mut until = Instant::now() + longest;
            while open > 0 {
                match timeout_at(until, self.ends.recv()).await {
                    Ok(Some((at, end))) => {
                        let member = &mut self.members[at];
                        open -= usize::from(member.stage == stage);
                        member.state = State::Over;
                        let detail = match end {
                            End::Bad(how, _) if member.places.is_empty() && stage == MANAGERS => {
                                left.push(format!("{}: {how}", member.card.name));
                                how
                            }
                            // A command that is asked to end may end by that signal.
                            _ => String::new(),
                        };
                        self.board.tell(&member.card, "stopped", &detail);
                    }
                    Ok(None) => break,
                    Err(_) if is_killed => {
                        let names = self
                            .members
                            .iter()
                            .filter(|member| member.stage == stage && !matches!(member.state, State::Over));
                        left.extend(names.map(|member| format!("{} does not end", member.card.name)));
                        break;
                    }
                    Err(_) => {
                        is_killed = true;
                        until = Instant::now() + STOP_WITHIN;
                        for member in self.members.iter().filter(|member| member.stage == stage) {
                            let (State::Starting(running, _) | State::Up(running)) = &member.state else { continue };
                            self.board.tell(&member.card, "killed", "it did not end in time");
                            running.tell(Tell::Kill);
                        }
                    }
                }
            }
        }
        if left.is_empty() { Ok(()) } else { Err(Failure::Running(left.join("; "))) }
    }

    /// A second signal: everything ends at once with this process. What that leaves.
    fn cut_short(&self) -> Failure {
        let mut left: VecDeque<String> = VecDeque::new();
        for member in &self.members {
            let (State::Starting(running, _) | State::Up(running)) = &member.state else { continue };
            running.tell(Tell::Kill);
            match &running.control {
                Some(control) => left.extend(manage::units(control)),
                None => left.push_back(member.card.name.clone()),
            }
        }
        let left: Vec<String> = left.into();
        let what = if left.is_empty() { "nothing".to_owned() } else { left.join(", ") };
        Failure::CutShort(format!("ended at once by a second signal; these were cut off: {what}"))
    }
}
