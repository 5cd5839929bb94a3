//! A scheduler that runs: whether it is there, what it speaks, and which managers it knows.

use std::{cell::RefCell, rc::Rc, time::Duration};

use scaler_wm_core::{Address, Chain, Check, ManagerId};
use scaler_wm_wire::{
    Error, ErrorKind, Message, Version,
    message::{ManagerDetail, StateScheduler},
    monitor::{Monitor, MonitorEvent, MonitorSettings},
    ymq::{ConnectOptions, Identity, Reconnect, Trust, connect},
};
use tokio::{sync::OnceCell, time::timeout};

use crate::peers::backend;

/// How long the monitor may take to report; a scheduler does so once a second.
const REPORT_WITHIN: Duration = Duration::from_secs(8);
/// A manager that was silent for longer is forgotten by the scheduler, and its id is free.
const FORGOTTEN_AFTER: u16 = 10;

/// Schedulers that were asked. Each is asked once, however many managers it has.
#[derive(Debug, Default)]
pub(super) struct Schedulers(RefCell<Vec<(Way, Rc<OnceCell<Heard>>)>>);

/// How a scheduler is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) scheduler: Address,
    pub(super) monitor: Option<Address>,
    pub(super) trust: Trust,
}

/// What was heard of a scheduler.
#[derive(Debug)]
pub(super) struct Heard {
    /// The version that it speaks.
    pub(super) greeting: Result<Version, Told>,
    /// What its monitor reports; `None` where no monitor is known.
    pub(super) report: Option<Result<Box<StateScheduler>, Told>>,
}

/// Why it cannot be heard, and what to do.
#[derive(Clone, Debug)]
pub(super) struct Told {
    found: String,
    todo: &'static str,
}

impl Schedulers {
    /// What is heard of one. It is asked now unless it was before.
    pub(super) async fn hear(&self, way: &Way) -> Rc<OnceCell<Heard>> {
        let known = self.0.borrow().iter().find(|(known, _)| known == way).map(|(_, cell)| Rc::clone(cell));
        let cell = known.unwrap_or_else(|| {
            let cell = Rc::<OnceCell<Heard>>::default();
            self.0.borrow_mut().push((way.clone(), Rc::clone(&cell)));
            cell
        });
        cell.get_or_init(|| async {
            let (greeting, report) = tokio::join!(greet(&way.scheduler, way), report(way));
            Heard { greeting, report }
        })
        .await;
        cell
    }
}

fn options(way: &Way) -> Result<ConnectOptions, Told> {
    let backend = backend(way.monitor.as_ref()).map_err(|failure| Told {
        found: failure.text(),
        todo: "set SCALER_NETWORK_BACKEND to what the scheduler speaks",
    })?;
    Ok(ConnectOptions { trust: way.trust.clone(), backend, ..ConnectOptions::default() })
}

/// Connects and greets to the end, says nothing, and goes: to the scheduler that is a peer that never was a manager.
pub(super) async fn greet(address: &Address, way: &Way) -> Result<Version, Told> {
    let identity = Identity::from(format!("{}|preflight", std::process::id()));
    let connection = connect(address, &identity, &options(way)?).await.map_err(|error| told(&error))?;
    let version = connection.version();
    let (sender, _receiver) = connection.into_messages();
    // It has been heard, whatever comes of the farewell.
    drop(sender.close().await);
    Ok(version)
}

async fn report(way: &Way) -> Option<Result<Box<StateScheduler>, Told>> {
    let address = way.monitor.clone()?;
    let options = match options(way) {
        Ok(options) => options,
        Err(told) => return Some(Err(told)),
    };
    let mut monitor = Monitor::start(MonitorSettings {
        address,
        identity: Identity::from(format!("{}|preflight|monitor", std::process::id())),
        reconnect: Reconnect::default(),
        connect: options,
        seed: u64::from(std::process::id()),
    });
    let heard = timeout(REPORT_WITHIN, async {
        loop {
            match monitor.next().await {
                MonitorEvent::Said(message) => {
                    if let Message::StateScheduler(report) = *message {
                        return Ok(report);
                    }
                }
                MonitorEvent::Down { error, .. } => return Err(told(&error)),
                MonitorEvent::Up => {}
            }
        }
    });
    Some(heard.await.unwrap_or_else(|_| {
        let seconds = REPORT_WITHIN.as_secs();
        let todo = "check that it is the monitor's address: the scheduler's port + 2 unless it was told another";
        Err(Told { found: format!("it did not report within {seconds} s"), todo })
    }))
}

fn told(error: &Error) -> Told {
    let todo = match error.kind() {
        ErrorKind::BadMagic | ErrorKind::WrongVersion | ErrorKind::Oversized => {
            "what listens there is none of release 2.4.0 or later, or uses another transport: check the address"
        }
        ErrorKind::Unsupported => "use a tcp:// or ipc:// address",
        ErrorKind::Untrusted => "name whom to trust by --tls-ca or --tls-pin",
        ErrorKind::OtherTransport => "begin the address with what is spoken there: tcp://, tls://, ws:// or wss://",
        ErrorKind::Truncated | ErrorKind::TimedOut => {
            "what listens there does not greet: check that the address is not another service's"
        }
        _ => "start it, or mend the address",
    };
    Told { found: Chain(error).to_string(), todo }
}

impl Told {
    pub(super) fn bad(&self, name: &str) -> Check {
        Check::bad(name, &self.found, self.todo)
    }

    fn doubtful(&self, name: &str, todo: &str) -> Check {
        Check::doubtful(name, &self.found, format!("{}, {todo}", self.todo))
    }
}

/// A version with the releases that speak it.
pub(super) fn releases(version: Version) -> String {
    let releases = match version {
        Version::V1 => "2.4.0 to 2.6.0",
        Version::V2 => "2.7.0 or later",
    };
    format!("version {version} of the wire (release {releases})")
}

/// Whether the scheduler answers.
pub(super) fn reached(way: &Way, heard: &Heard) -> Check {
    match &heard.greeting {
        Ok(version) => Check::good("scheduler", format!("{} speaks {}", way.scheduler, releases(*version))),
        Err(told) => told.bad("scheduler"),
    }
}

/// Whether its monitor is heard, without which a manager works less well; one that follows a policy by itself needs it.
pub(super) fn monitored(way: &Way, heard: &Heard, is_needed: bool) -> Check {
    const NAME: &str = "monitor";
    let Some(address) = &way.monitor else {
        return Check::skipped(NAME, "no address of it is known; --monitor-address names one");
    };
    match &heard.report {
        Some(Ok(report)) => {
            let (workers, tasks) = (report.workers.len(), report.live_tasks());
            Check::good(NAME, format!("{address} reports {workers} workers and {tasks} tasks"))
        }
        Some(Err(_)) if heard.greeting.is_err() => Check::skipped(NAME, "the scheduler is not reached"),
        Some(Err(told)) if is_needed => told.bad(NAME),
        Some(Err(told)) => told.doubtful(NAME, "as without it a manager does not know which workers are busy"),
        None => Check::skipped(NAME, "it was not asked"),
    }
}

/// Whether the scheduler knows another manager of this id. `own` is the identity that this one connects with.
pub(super) fn is_free(heard: &Heard, manager: &ManagerId, own: Option<&str>) -> Check {
    const NAME: &str = "manager id";
    let Some(Ok(report)) = &heard.report else {
        return Check::skipped(NAME, "only the scheduler's monitor tells which managers are connected");
    };
    let is_it = |detail: &&ManagerDetail| detail.manager_id == manager.as_str().as_bytes();
    let Some(ManagerDetail { identity, last_seen_seconds, .. }) = report.scaling.details.iter().find(is_it) else {
        return Check::good(NAME, format!("`{manager}` is free at the scheduler"));
    };
    if own == Some(identity) {
        return Check::good(
            NAME,
            format!("`{manager}` is known to the scheduler from this state folder, and taken over"),
        );
    }
    if *last_seen_seconds >= FORGOTTEN_AFTER {
        return Check::good(NAME, format!("`{manager}` is free: its last manager was heard {last_seen_seconds} s ago"));
    }
    Check::bad(
        NAME,
        format!("`{manager}` is in use at the scheduler by {identity}, heard {last_seen_seconds} s ago"),
        "stop that one and wait 10 s, or give this one another name by --worker-manager-id ID",
    )
}
