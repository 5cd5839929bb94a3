//! Does what was asked for.

use std::{fs::OpenOptions, io::Write};

use scaler_wm_core::control::{Control, Seat, pair};
use scaler_wm_options::fixed_concurrency;
use tokio::sync::oneshot;

#[cfg(feature = "control")]
use crate::ctl;
#[cfg(feature = "provision")]
use crate::provision;
#[cfg(feature = "top")]
use crate::top;
use crate::{
    cli::{Call, InitCall, ManagerCall},
    config::{self, ManagerConfig, StackConfig},
    control::Plan,
    doctor,
    exit::{Failure, answer},
    logging, manage,
    notify::Teller,
    policy, preflight,
    signals::Signals,
    up,
};
#[cfg(feature = "simulate")]
use crate::{record, simulate};

/// Does what was asked for, to its end.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(call: Call) -> Result<(), Failure> {
    match call {
        Call::Manager(call) => manager(&call),
        Call::Up(call) => up::up(StackConfig::new(&call)?, &call),
        Call::ShowManager(call) => answer(&config::show_manager(ManagerConfig::new(&call)?)),
        Call::ShowStack(call) => answer(&config::show_stack(StackConfig::new(&call)?)),
        Call::Init(call) => init(&call),
        Call::Preflight(call) => preflight::preflight(&call),
        Call::Policy(call) => policy::policy(&call),
        #[cfg(feature = "control")]
        Call::Ctl(call) => ctl::ctl(&call),
        #[cfg(feature = "top")]
        Call::Top(whom) => top::top(whom),
        Call::Doctor(call) => doctor::doctor(&call),
        #[cfg(feature = "provision")]
        Call::Provision(call) => provision::provision(&call),
        #[cfg(not(feature = "provision"))]
        Call::Provision(call) => Err(Failure::Usage(call.what_is_missing())),
        #[cfg(feature = "simulate")]
        Call::Simulate(call) => simulate::simulate(&call),
        #[cfg(feature = "simulate")]
        Call::Record(call) => record::record(&call),
        Call::Become(arguments) => up::become_part(&arguments),
    }
}

fn manager(call: &ManagerCall) -> Result<(), Failure> {
    let config = ManagerConfig::new(call)?;
    config.check_that_it_can_run()?;
    let plan = Plan::new([&config])?;
    let dispatch = logging::subscriber(&config.values)?;
    // The first one of this process: nothing else sets a default for all threads.
    let _ = tracing::dispatcher::set_global_default(dispatch);
    manage::introduce(&config);
    // One thread is enough: whatever blocks has a thread of its own. It is the main thread, which stays: children are
    // told of the end of the thread that started them.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    runtime.block_on(until_told(&config, plan))
}

/// Runs a manager, and lets it be watched.
async fn until_told(config: &ManagerConfig, plan: Plan) -> Result<(), Failure> {
    let (control, seat) = pair(config.manager.clone());
    let listening = plan.open().await?;
    listening.add(&control, config.kind.section.name);
    let ended = attend(config, &control, seat).await;
    listening.end().await;
    ended
}

/// Runs a manager until it ends, or SIGINT or SIGTERM end it; a second one ends it at once.
async fn attend(config: &ManagerConfig, control: &Control, seat: Seat) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let (stop, stopped) = oneshot::channel();
    let running = manage::manage(config, std::future::ready(()), stopped, control.clone(), seat);
    tokio::pin!(running);
    let teller = Teller::from_environment();
    teller.begin();
    teller.manager(control, fixed_concurrency(&config.values).map(i64::unsigned_abs));
    teller.rest_is_up();
    tokio::select! {
        ended = &mut running => return ended,
        () = signals.next() => {
            teller.stopping("told to");
            let _ = stop.send(());
        }
    }
    tokio::select! {
        ended = &mut running => ended,
        () = signals.next() => {
            let units = manage::units(control);
            let what = if units.is_empty() { "no unit".to_owned() } else { units.join(", ") };
            Err(Failure::CutShort(format!("ended at once by a second signal, leaving behind: {what}")))
        }
    }
}

fn init(call: &InitCall) -> Result<(), Failure> {
    let text = config::init(call.section);
    let Some(file) = &call.file else { return answer(&text) };
    let mut new = OpenOptions::new().write(true).create_new(true).open(file).map_err(|error| {
        Failure::Usage(format!("{file}: it cannot be written ({error}); name a file that is not there yet"))
    })?;
    new.write_all(text.as_bytes()).map_err(Failure::running)?;
    answer(&format!("written to {file}; `scaler-wm config show {file}` checks it\n"))
}
