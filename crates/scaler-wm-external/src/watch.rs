//! Hears that something has changed, and asks a plug-in that comes back what it is now.

use std::{sync::Arc, time::Duration};

use scaler_wm_core::{Chain, Clock, Seldom, cut};
use tokio::time::sleep;
use tonic::Code;
use tracing::{debug, error, info, warn};

use crate::shared::Shared;

/// The first wait before a plug-in that has gone is looked for again; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often a plug-in that never ticks is asked whether it is still the same.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Watches until it is aborted.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let mut is_there = true;
    let mut wait = FIRST_WAIT;
    // What one that comes and goes can cause to be said.
    let [mut says_back, mut says_wrong, mut says_gone] = std::array::from_fn(|_| Seldom::default());
    let clock = Clock::system();
    loop {
        if !is_there {
            match shared.ask().await {
                Ok(described) => {
                    says_back.say(clock.now(), |left_out| {
                        let (plugin, address) = (cut(&described.name), shared.client.address());
                        info!(plugin, address, left_out, "the plug-in is there again");
                    });
                    shared.renew(described);
                    is_there = true;
                }
                Err(error) => {
                    debug!(error = %Chain(&error), "the plug-in is not there");
                    if error.kind().is_fatal() {
                        says_wrong.say(clock.now(), |left_out| {
                            error!(
                                error = cut(Chain(&error)),
                                left_out, "what listens there is no plug-in to work with"
                            );
                        });
                        wait = LONGEST_WAIT;
                    }
                }
            }
        }
        if is_there {
            // What has changed before somebody listened.
            shared.tick();
            match hear(&shared).await {
                Heard::Nothing => {
                    sleep(ASK_AGAIN).await;
                    is_there = false;
                    continue;
                }
                Heard::End { why, ticks } => {
                    says_gone.say(clock.now(), |left_out| {
                        let (address, why) = (shared.client.address(), cut(why));
                        warn!(address, why, left_out, "the plug-in has gone: units stay as they are until it is back");
                    });
                    is_there = false;
                    wait = if ticks > 0 { FIRST_WAIT } else { wait };
                    shared.tick();
                }
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// What came of listening.
enum Heard {
    /// It does not tick.
    Nothing,
    /// It did for a while.
    End { why: String, ticks: u64 },
}

async fn hear(shared: &Shared) -> Heard {
    let mut ticks = 0;
    let status = match shared.client.watch(shared.watch_request()).await {
        Ok(mut stream) => loop {
            match stream.message().await {
                Ok(Some(_)) => {
                    ticks += 1;
                    shared.tick();
                }
                Ok(None) => return Heard::End { why: "it has ended the watch".to_owned(), ticks },
                Err(status) => break Box::new(status),
            }
        },
        Err(status) => status,
    };
    match status.code() {
        Code::Unimplemented => Heard::Nothing,
        _ => Heard::End { why: shared.client.words(&status), ticks },
    }
}
