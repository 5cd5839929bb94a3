//! `doctor`: what is out there under a manager's name, against its record.

mod compare;
mod delete;
mod examine;
mod print;
#[cfg(feature = "control")]
mod socket;
mod source;
#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};

use examine::Examined;

use crate::{
    cli::{DoctorCall, DoctorOf},
    config::{ManagerConfig, Part, StackConfig},
    exit::{Failure, answer, say},
};

/// Looks, tells, and deletes what the user wants to be deleted.
///
/// # Errors
/// When a flag or file is wrong, and when something is amiss: what it is was told then.
pub(crate) fn doctor(call: &DoctorCall) -> Result<(), Failure> {
    let configs = configs(call)?;
    // Before anything is looked at: a script that forgot a flag hears of it at once.
    if call.delete && !call.yes && !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "--delete asks first, and there is no terminal to ask at; give --yes besides to delete without a question"
                .to_owned(),
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
    let told = runtime.block_on(examine_and_tell(call, configs));
    // A library that does not answer may still have a thread that waits for it.
    runtime.shutdown_background();
    told
}

async fn examine_and_tell(call: &DoctorCall, configs: Vec<ManagerConfig>) -> Result<(), Failure> {
    let mut all = Vec::with_capacity(configs.len());
    for config in configs {
        all.push(Examined::look(config).await?);
    }
    if !call.json {
        answer(&print::lines(&all))?;
    }
    let mut outcome = delete::Outcome::default();
    if call.delete {
        let names: Vec<String> = all.iter().flat_map(Examined::that_can_go).map(print::name).collect();
        if !names.is_empty() && (call.yes || is_wanted(&names)?) {
            outcome = delete::delete(&mut all).await;
        }
    }
    if call.json {
        answer(&print::json(&all, &outcome))?;
    }
    let amiss: usize = all.iter().map(Examined::amiss).sum();
    let verdict = print::verdict(&all, &outcome, call.delete);
    if !call.json {
        answer(&verdict)?;
    }
    if amiss == 0 && outcome.failed.is_empty() { Ok(()) } else { Err(Failure::Amiss) }
}

/// The managers that are asked about.
fn configs(call: &DoctorCall) -> Result<Vec<ManagerConfig>, Failure> {
    match &call.of {
        DoctorOf::Manager(of) => Ok(vec![ManagerConfig::new(of)?]),
        DoctorOf::Stack(of) => {
            let mut configs = Vec::new();
            for part in StackConfig::new(of)?.parts {
                match part {
                    Part::Manager(config) => configs.push(*config),
                    Part::Python(config) if config.values.has("worker_manager_id") => {
                        let name = config.section.name;
                        say(&format!("{name}: a manager of the Python package; what it leaves is not looked at\n"));
                    }
                    Part::Python(_) => {}
                }
            }
            if configs.is_empty() {
                let file = &of.file;
                return Err(Failure::Usage(format!("{file}: no [[worker_manager]] of scaler-wm's is in it")));
            }
            Ok(configs)
        }
    }
}

/// Asks whether these are to be deleted.
fn is_wanted(names: &[String]) -> Result<bool, Failure> {
    let list: String = names.iter().map(|name| format!("  {name}\n")).collect();
    say(&format!("To be deleted:\n{list}Delete these {}? [y/N] ", names.len()));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::running)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
