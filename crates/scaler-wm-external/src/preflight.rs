//! What is looked at before anything is started.

use scaler_wm_core::{Chain, Check, ErrorKind};

use crate::{ExternalConfig, client::Client, convert::Described, provider::first_word};

/// Whether the plug-in is there and can be worked with. Nothing is started.
pub async fn preflight(config: ExternalConfig) -> Vec<Check> {
    let name = format!("plug-in {}", config.address);
    let answer = match Client::new(&config) {
        Ok(client) => first_word(&client, &config).await,
        Err(error) => Err(error),
    };
    vec![match answer {
        Ok(Described { name: plugin, place, info, .. }) => {
            let place = if place.is_empty() { String::new() } else { format!(", {place}") };
            let found = format!("{plugin}{place}: {} worker(s) a unit", info.workers_per_unit);
            if info.idempotent {
                Check::good(name, found)
            } else {
                let found =
                    format!("{found}; a launch whose answer is lost is not repeated, and may leave units behind");
                Check::doubtful(name, found, "let the plug-in know launches by their tokens, and say so (idempotent)")
            }
        }
        Err(error) => {
            let todo = match error.kind() {
                ErrorKind::Denied => "correct provider_token_file (--provider-token-file), or the plug-in's own",
                ErrorKind::Invalid => "correct what is named there, or bring the plug-in to this version",
                _ => "start the plug-in, or correct provider_address (--provider-address)",
            };
            Check::bad(name, Chain(&error).to_string(), todo)
        }
    }]
}
