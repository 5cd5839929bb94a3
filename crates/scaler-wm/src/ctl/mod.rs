//! `ctl`: asks a manager that runs, or tells it what to do.

mod find;
mod print;
mod table;

use std::{
    error::Error as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use scaler_wm_control::{
    client::{Connection, Target, connect, managers},
    v1::{self, worker_managers_client::WorkerManagersClient},
};
use scaler_wm_core::Chain;
use tonic::{Code, Status};

use crate::{
    cli::{Ask, CtlCall, Limits, Whom},
    exit::{Failure, answer},
};

#[cfg(feature = "top")]
pub(crate) use print::{clock, notes_of, or_dash, state_of};
#[cfg(feature = "top")]
pub(crate) use table::time;

pub(crate) type Client = WorkerManagersClient<Connection>;

/// Asks or tells, and prints the answer.
///
/// # Errors
/// When the manager is not found, does not answer, or does not do it.
pub(crate) fn ctl(call: &CtlCall) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    runtime.block_on(run(call))
}

/// Finds the manager, and connects.
///
/// # Errors
/// When it is not found, or nobody answers.
pub(crate) async fn client(whom: &Whom) -> Result<Client, Failure> {
    reach(&find::target(whom)?).await
}

async fn reach(target: &Target) -> Result<Client, Failure> {
    let connection = connect(target).await.map_err(|error| find::unreachable(target, &error))?;
    Ok(managers(connection))
}

/// How everybody stands who may be meant: with no name given, every manager of this user that runs.
async fn status(whom: &Whom) -> Result<v1::GetStatusResponse, Failure> {
    let manager = whom.manager.clone().unwrap_or_default();
    let mut all: Option<v1::GetStatusResponse> = None;
    for target in find::targets(whom)? {
        let request = v1::GetStatusRequest { manager: manager.clone() };
        let told = reach(&target).await?.get_status(request).await.map_err(failed)?.into_inner();
        match &mut all {
            None => all = Some(told),
            Some(all) => {
                // Several processes have no one number, and maybe no one version.
                all.pid = if all.pid == told.pid { all.pid } else { 0 };
                all.version = if all.version == told.version { told.version } else { String::new() };
                all.managers.extend(told.managers);
            }
        }
    }
    Ok(all.unwrap_or_default())
}

async fn run(call: &CtlCall) -> Result<(), Failure> {
    let client = || client(&call.whom);
    let manager = call.whom.manager.clone().unwrap_or_default();
    let text = match call.what.clone() {
        Ask::Status => {
            let answer = status(&call.whom).await?;
            if call.json { json(&answer)? } else { print::status(&answer, now()) }
        }
        Ask::Units => {
            let units = units(&mut client().await?, &manager).await?;
            if call.json { json(&serde_json::json!({ "units": units }))? } else { print::units(&units, now()) }
        }
        Ask::Explain => {
            let answer = client().await?.explain(v1::ExplainRequest { manager }).await.map_err(failed)?.into_inner();
            if call.json { json(&answer)? } else { print::explanation(&answer) }
        }
        Ask::Events { follow, after } => return events(&mut client().await?, &manager, follow, after, call.json).await,
        Ask::Limits(limits) => {
            let bounds = limits.map(bounds);
            client().await?.set_limits(v1::SetLimitsRequest { manager, bounds }).await.map_err(failed)?;
            done(call.json, if limits.is_some() { "the limits hold" } else { "there are no limits any more" })?
        }
        Ask::Drain(unit) => {
            let unit = unit.unwrap_or_default();
            client().await?.drain(v1::DrainRequest { manager, unit }).await.map_err(failed)?;
            done(call.json, "it finishes what runs, and goes; `scaler-wm ctl undrain` takes that back")?
        }
        Ask::Undrain(unit) => {
            let unit = unit.unwrap_or_default();
            client().await?.undrain(v1::UndrainRequest { manager, unit }).await.map_err(failed)?;
            done(call.json, "it goes on")?
        }
        Ask::Stop(unit) => {
            client().await?.stop_unit(v1::StopUnitRequest { manager, unit }).await.map_err(failed)?;
            done(call.json, "it ends; another one starts if it is wanted")?
        }
        Ask::Shutdown => {
            client().await?.shutdown(v1::ShutdownRequest { manager }).await.map_err(failed)?;
            done(call.json, "the manager ends")?
        }
    };
    answer(&text)
}

/// All units, page by page.
///
/// # Errors
/// When the manager does not answer.
pub(crate) async fn units(client: &mut Client, manager: &str) -> Result<Vec<v1::Unit>, Failure> {
    let (mut units, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListUnitsRequest { manager: manager.to_owned(), page_size: 0, page_token };
        let page = client.list_units(request).await.map_err(failed)?.into_inner();
        units.extend(page.units);
        if page.next_page_token.is_empty() {
            return Ok(units);
        }
        page_token = page.next_page_token;
    }
}

/// Prints events until there are none, or for as long as anybody reads.
async fn events(
    client: &mut Client,
    manager: &str,
    follow: bool,
    after: Option<u64>,
    is_json: bool,
) -> Result<(), Failure> {
    let status = client.get_status(v1::GetStatusRequest { manager: manager.to_owned() }).await.map_err(failed)?;
    let last = match &*status.into_inner().managers {
        [only] => only.last_event,
        // The stream says it better.
        _ => 0,
    };
    let request = v1::WatchEventsRequest { manager: manager.to_owned(), after: Some(after.unwrap_or(0)) };
    let is_over = |sequence: u64| !follow && sequence >= last;
    let mut stream = client.watch_events(request).await.map_err(failed)?.into_inner();
    if is_over(after.unwrap_or(0)) {
        return Ok(());
    }
    while let Some(event) = stream.message().await.map_err(failed)? {
        let line = if is_json { line(&event)? } else { print::event(&event) };
        if !print::out(&line)? || is_over(event.sequence) {
            return Ok(());
        }
    }
    // The stream ends when the manager has, which is what happens last.
    Ok(())
}

fn bounds(limits: Limits) -> v1::Bounds {
    let Limits { minimum, maximum, pinned, within } = limits;
    let until_ms = within.map(|within| now().saturating_add(u64::try_from(within.as_millis()).unwrap_or(u64::MAX)));
    v1::Bounds { minimum, maximum, pinned, until_ms }
}

fn done(is_json: bool, words: &str) -> Result<String, Failure> {
    if is_json { json(&serde_json::json!({ "done": words })) } else { Ok(format!("{words}\n")) }
}

fn json(answer: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(answer).map_err(Failure::running)? + "\n")
}

fn line(answer: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(answer).map_err(Failure::running)? + "\n")
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What the manager says, without the codes of gRPC; and what to do where that is for this program to say.
#[expect(clippy::needless_pass_by_value, reason = "as map_err hands it over")]
pub(crate) fn failed(status: Status) -> Failure {
    let words = status.message();
    Failure::Running(match status.code() {
        // It is none of the manager's, but of what carries it.
        _ if status.source().is_some() => format!(
            "the connection broke off: {}; the manager may have ended; at an --address that wants TLS, --ca FILE names who \
             signed its certificate, and --cert FILE and --key FILE show one of yours",
            Chain(&status)
        ),
        Code::InvalidArgument if words.starts_with("name a manager") => format!("{words}; --manager ID names one"),
        Code::Unimplemented => "the manager is of another version, and does not know this".to_owned(),
        _ if words.is_empty() => format!("the manager does not answer ({:?})", status.code()),
        _ => words.to_owned(),
    })
}
