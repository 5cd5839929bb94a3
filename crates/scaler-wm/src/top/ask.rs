//! Asks the manager: one round of calls a second at most, over one connection.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use scaler_wm_control::v1;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until, timeout},
};
use tonic::Code;

use crate::{
    cli::Whom,
    ctl::{self, Client, client, failed},
    exit::Failure,
};

/// From the beginning of one round to that of the next.
const EVERY: Duration = Duration::from_secs(1);
/// A round that takes longer counts as none. A manager on its way out, or one that is stopped, says nothing.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// Events that are kept of each manager.
const EVENTS: usize = 500;

/// What one round has told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Round {
    /// When, in milliseconds since the Unix epoch.
    pub(super) at: u64,
    /// How all managers stand.
    pub(super) status: v1::GetStatusResponse,
    /// The manager that the rest is about.
    pub(super) manager: String,
    pub(super) units: Vec<v1::Unit>,
    pub(super) explanation: v1::ExplainResponse,
    /// The oldest first.
    pub(super) events: Arc<VecDeque<v1::Event>>,
}

/// What came of a round.
#[derive(Debug)]
pub(super) enum News {
    Told(Box<Round>),
    /// There is no answer, and why.
    Gone(String),
}

/// What is to be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// About which manager; empty for any.
    pub(super) manager: String,
    pub(super) is_paused: bool,
}

/// Whoever asks.
pub(super) struct Asking {
    whom: Whom,
    client: Option<Client>,
    /// The process that the events are of: another one counts anew.
    pid: u32,
    events: HashMap<String, Arc<VecDeque<v1::Event>>>,
}

/// Finds the manager, and connects.
///
/// # Errors
/// When it is not found, or nobody answers.
pub(super) async fn begin(whom: Whom) -> Result<Asking, Failure> {
    let client = Some(client(&whom).await?);
    Ok(Asking { whom, client, pid: 0, events: HashMap::new() })
}

impl Asking {
    /// Goes on until nobody listens. What is asked may change at any time; a pause lasts as long as it lasts.
    pub(super) async fn go_on(mut self, mut asked: watch::Receiver<Asked>, tell: mpsc::Sender<News>) {
        let mut last = Instant::now();
        loop {
            sleep_until(last + EVERY).await;
            let Ok(manager) = asked.wait_for(|asked| !asked.is_paused).await.map(|asked| asked.manager.clone()) else {
                return;
            };
            last = Instant::now();
            let news = match self.round(&manager).await {
                Ok(round) => News::Told(Box::new(round)),
                Err(failure) => News::Gone(failure.text()),
            };
            if tell.send(news).await.is_err() {
                return;
            }
        }
    }

    /// One round, about a manager; about any if it is empty, or not there any more.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) async fn round(&mut self, manager: &str) -> Result<Round, Failure> {
        let late = || Failure::Running(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()));
        let round = timeout(ANSWERS_WITHIN, self.ask(manager)).await.unwrap_or_else(|_| Err(late()));
        if round.is_err() {
            // The next round connects anew: the manager may have another place by then.
            self.client = None;
        }
        round
    }

    async fn ask(&mut self, manager: &str) -> Result<Round, Failure> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => client(&self.whom).await?,
        };
        let all = self.whom.manager.clone().unwrap_or_default();
        let status = client.get_status(v1::GetStatusRequest { manager: all }).await.map_err(failed)?.into_inner();
        let chosen = status.managers.iter().find(|one| one.manager == manager).or_else(|| status.managers.first());
        let Some((manager, last)) = chosen.map(|one| (one.manager.clone(), one.last_event)) else {
            return Err(Failure::Running("there is no manager in that process yet; try again soon".to_owned()));
        };
        let units = ctl::units(&mut client, &manager).await?;
        let explain = v1::ExplainRequest { manager: manager.clone() };
        let explanation = client.explain(explain).await.map_err(failed)?.into_inner();
        if self.pid != status.pid {
            self.pid = status.pid;
            self.events.clear();
        }
        let events = self.events.entry(manager.clone()).or_default();
        catch_up(&mut client, &manager, events, last).await?;
        let events = Arc::clone(events);
        self.client = Some(client);
        Ok(Round { at: ctl::now(), status, manager, units, explanation, events })
    }
}

/// Takes the events up to the last one, if there are new ones.
async fn catch_up(
    client: &mut Client,
    manager: &str,
    events: &mut Arc<VecDeque<v1::Event>>,
    last: u64,
) -> Result<(), Failure> {
    let mut known = events.back().map_or(0, |event| event.sequence);
    while known < last {
        let request = v1::WatchEventsRequest { manager: manager.to_owned(), after: Some(known) };
        let mut stream = client.watch_events(request).await.map_err(failed)?.into_inner();
        loop {
            let event = match stream.message().await {
                Ok(Some(event)) => event,
                // The manager ends.
                Ok(None) => return Ok(()),
                // So many have come since that some are not kept: all that are, then.
                Err(status) if status.code() == Code::DataLoss && known > 0 => {
                    *events = Arc::default();
                    known = 0;
                    break;
                }
                Err(status) => return Err(failed(status)),
            };
            known = event.sequence;
            let kept = Arc::make_mut(events);
            if kept.len() == EVENTS {
                kept.pop_front();
            }
            kept.push_back(event);
            if known >= last {
                return Ok(());
            }
        }
    }
    Ok(())
}
