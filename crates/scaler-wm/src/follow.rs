//! A policy that managers of this process follow by themselves (`policy_source = "local"`).

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use scaler_wm_core::{
    Address, Limit, ManagerId, Sizing,
    options::{OptionError, Values},
    policy::{Ledger, Offer, Policy, PolicyError, Wishes},
};
use scaler_wm_options::fixed_concurrency;
use scaler_wm_wire::{
    monitor::MonitorSettings,
    policy::{HostSettings, PolicyHost, Standing},
    ymq::{ConnectOptions, Identity, Reconnect, Trust},
};
use tokio::time::timeout;

use crate::{exit::Failure, peers::backend};

/// How long the monitor may take to be heard at the start.
const HEARD_WITHIN: Duration = Duration::from_secs(10);

/// The policy of a manager, and the engine that it shares with others.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    policy: Policy,
    text: [String; 2],
    hold: Duration,
    trust: Trust,
    ledger: Option<Arc<Ledger>>,
    host: Arc<Mutex<Option<PolicyHost>>>,
}

impl Followed {
    /// The policy in these options; `None` if the scheduler's wishes are followed.
    ///
    /// # Errors
    /// When it cannot be followed.
    pub(crate) fn new(values: &Values, trust: &Trust) -> Result<Option<Self>, OptionError> {
        if values.text("policy_source") != "local" {
            return Ok(None);
        }
        if fixed_concurrency(values).is_some() {
            let problem = "fixed mode follows no policy; write policy_source = \"scheduler\" at this manager, or let its \
                           mode be dynamic";
            return Err(values.problem("policy_source", problem));
        }
        let Some(content) = values.maybe_text("policy_content") else {
            let problem =
                "local needs policy_content (--policy-content), such as \"allocate=even_load; scaling=vanilla\"";
            return Err(values.problem("policy_source", problem));
        };
        let engine_type = values.text("policy_engine_type");
        let policy = Policy::new(&engine_type, &content).map_err(|error| {
            let key = match error {
                PolicyError::EngineType { .. } => "policy_engine_type",
                _ => "policy_content",
            };
            values.problem(key, error.to_string())
        })?;
        let hold = values.seconds("policy_hold_seconds");
        let (trust, ledger) = (trust.clone(), policy.ledger());
        Ok(Some(Self { policy, text: [engine_type, content], hold, trust, ledger, host: Arc::default() }))
    }

    /// The policy itself.
    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Shares the engine of `other`, if both follow the same policy in the same way.
    pub(crate) fn share(&mut self, other: &Self) -> bool {
        let is_same = self.text == other.text && self.hold == other.hold && self.trust == other.trust;
        if is_same {
            self.host = Arc::clone(&other.host);
            self.ledger.clone_from(&other.ledger);
        }
        is_same
    }

    /// Where launches are paid from, if the policy has a budget. It waits until `manager` has said what it has.
    pub(crate) fn ledger(&self, manager: &ManagerId) -> Option<Arc<Ledger>> {
        let ledger = self.ledger.clone()?;
        ledger.await_count(manager);
        Some(ledger)
    }

    /// The engine, started if nobody has done so: it has a thread of its own, since it serves managers on several.
    ///
    /// # Errors
    /// When this build does not speak what carries messages, or there is no thread to be had.
    pub(crate) fn host(&self, monitor: &Address, identity: &str) -> Result<PolicyHost, Failure> {
        // Held while it is started: managers that share it come at the same time.
        let mut shared = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = &*shared {
            return Ok(host.clone());
        }
        let backend = backend(Some(monitor))?;
        let settings = HostSettings {
            monitor: MonitorSettings {
                address: monitor.clone(),
                identity: Identity::from(format!("{identity}|policy")),
                reconnect: Reconnect::default(),
                connect: ConnectOptions { trust: self.trust.clone(), backend, ..ConnectOptions::default() },
                seed: u64::from(std::process::id()),
            },
            hold: self.hold,
        };
        let (host, work) = PolicyHost::new(&self.policy, self.ledger.clone(), settings);
        run(work)
            .map_err(|error| Failure::Running(format!("failed to start the thread of the policy engine: {error}")))?;
        *shared = Some(host.clone());
        Ok(host)
    }
}

fn run(work: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new()
        .name("policy".to_owned())
        .spawn(move || tracing::dispatcher::with_default(&dispatch, || runtime.block_on(work)))?;
    Ok(())
}

/// Makes a manager known to an engine, and waits until that knows enough to decide.
///
/// # Errors
/// When it cannot hear the scheduler's monitor.
pub(crate) async fn follow(
    host: &PolicyHost,
    manager: ManagerId,
    sizing: &Sizing,
    monitor: &Address,
) -> Result<Wishes, Failure> {
    let offer = Offer {
        // As it goes out in heartbeats, so that engines elsewhere see the same.
        max_task_concurrency: Limit::AtMost(sizing.offered()),
        capabilities: sizing.capabilities.clone(),
        workers_per_unit: sizing.per_unit,
    };
    let wishes = host.follow(manager, offer);
    let mut standing = host.standing();
    let is_ready = standing.wait_for(|standing| !matches!(standing, Standing::Waiting(_)));
    match timeout(HEARD_WITHIN, is_ready).await {
        Ok(Ok(_)) => Ok(wishes),
        _ => {
            let why = match &*host.standing().borrow() {
                Standing::Waiting(Some(reason)) => reason.clone(),
                _ => "it publishes nothing".to_owned(),
            };
            Err(Failure::Usage(format!(
                "policy_source local needs the scheduler's monitor, which is not heard at {monitor} within {} s ({why}): start \
                 the scheduler first, or name its monitor with --monitor-address",
                HEARD_WITHIN.as_secs()
            )))
        }
    }
}
