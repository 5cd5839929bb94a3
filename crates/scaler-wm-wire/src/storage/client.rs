//! A connection to the object storage server that is made again whenever it breaks.

use bytes::Bytes;
use scaler_wm_core::{Address, Chain, Clock, Seldom};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};
use tracing::{debug, info, warn};

use super::pending::{Ask, Pending, Request};
use crate::{
    Error, ErrorKind, Result,
    message::{ObjectId, ObjectResponseHeader},
    ymq::{ConnectOptions, FrameReceiver, FrameSender, Identity, Reconnect, Retry, connect},
};

/// Requests that wait until the connection takes them; whoever asks then waits too.
const QUEUE: usize = 256;
/// No further request is taken while so many bytes wait to be sent.
const HIGH_WATER: usize = 1 << 20;

/// What a [`StorageClient`] is told once.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// The name of this end.
    pub identity: Identity,
    /// Where the server listens, if that is known; else [`StorageClient::is_at`] tells.
    pub address: Option<Address>,
    /// Bounds of each connection.
    pub connect: ConnectOptions,
    /// How the server is sought again.
    pub reconnect: Reconnect,
    /// Seeds the jitter of waits.
    pub seed: u64,
}

/// Gets, keeps and deletes objects. Requests wait while there is no connection, and none is lost with one: what was not
/// answered is asked again on the next. Dropping the client ends it.
#[derive(Debug)]
pub struct StorageClient {
    requests: mpsc::Sender<Request>,
    address: watch::Sender<Option<Address>>,
    task: JoinHandle<()>,
}

impl StorageClient {
    /// Starts a client on the runtime this is called in.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its timers and I/O enabled.
    #[must_use]
    pub fn start(settings: StorageSettings) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (address, at) = watch::channel(settings.address.clone());
        let retry = Retry::new(settings.reconnect, settings.seed);
        let server =
            Server { settings, at, queue, pending: Pending::default(), retry, is_told: false, says: Seldom::default() };
        Self { requests, address, task: tokio::spawn(server.run()) }
    }

    /// The server listens here from now on. The same again changes nothing.
    pub fn is_at(&self, address: Address) {
        self.address.send_if_modified(|current| {
            let is_news = current.as_ref() != Some(&address);
            *current = Some(address);
            is_news
        });
    }

    /// The bytes of an object, once it exists.
    ///
    /// # Errors
    /// [`ErrorKind::Unrepresentable`] when its id has not 32 bytes, [`ErrorKind::Io`] when this client has ended.
    pub async fn get(&self, object: ObjectId) -> Result<Bytes> {
        self.ask(object, Ask::Get).await
    }

    /// Keeps an object; returns when the server has it.
    ///
    /// # Errors
    /// As [`StorageClient::get`], and [`ErrorKind::Oversized`] when it is longer than a frame may be.
    pub async fn set(&self, object: ObjectId, payload: Bytes) -> Result<()> {
        self.ask(object, Ask::Set(payload)).await.map(drop)
    }

    /// Forgets an object; one that is not there is none's loss.
    ///
    /// # Errors
    /// As [`StorageClient::get`].
    pub async fn delete(&self, object: ObjectId) -> Result<()> {
        self.ask(object, Ask::Delete).await.map(drop)
    }

    async fn ask(&self, object: ObjectId, ask: Ask) -> Result<Bytes> {
        let ended = || Error::new(ErrorKind::Io, "use the object storage", "the client has ended");
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request { object, ask, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }
}

impl Drop for StorageClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Server {
    settings: StorageSettings,
    at: watch::Receiver<Option<Address>>,
    queue: mpsc::Receiver<Request>,
    pending: Pending,
    retry: Retry,
    /// Whether a failure has been told since the last success.
    is_told: bool,
    says: Seldom,
}

/// Why a connection is left.
enum Left {
    /// The client was dropped.
    Ended,
    /// The server is elsewhere now.
    Moved,
    Lost(Error),
}

impl Server {
    async fn run(mut self) {
        loop {
            let Some(address) = self.at.borrow_and_update().clone() else {
                // Cancel safe: a watch receiver marks what it has seen only when it returns.
                if self.at.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let left = match connect(&address, &self.settings.identity, &self.settings.connect).await {
                Ok(connection) => {
                    debug!(%address, "connected to the object storage");
                    let (sender, receiver) = connection.split();
                    self.serve(sender, receiver).await
                }
                Err(error) => Left::Lost(error),
            };
            let error = match left {
                Left::Ended => return,
                Left::Moved => continue,
                Left::Lost(error) => error,
            };
            let Some(wait) = self.retry.failed() else {
                return warn!(%address, error = %Chain(&error), "the object storage is given up");
            };
            if !self.is_told {
                self.is_told = self.says.say(Clock::system().now(), |left_out| {
                    warn!(%address, error = %Chain(&error), left_out, "the object storage does not answer: requests wait for it");
                });
            }
            let until = Instant::now() + wait;
            tokio::select! {
                // Cancel safe, both: a timer, and a watch receiver.
                () = sleep_until(until) => {}
                changed = self.at.changed() => if changed.is_err() {
                    return;
                },
            }
        }
    }

    async fn serve(&mut self, mut sender: FrameSender, mut receiver: FrameReceiver) -> Left {
        if let Err(error) = self.pending.again(&mut |frame| sender.queue(frame)) {
            return Left::Lost(error);
        }
        // A header whose payload has not come yet.
        let mut begun: Option<ObjectResponseHeader> = None;
        loop {
            tokio::select! {
                // Cancel safe by contract.
                received = receiver.recv() => match received {
                    Ok(Some(frame)) => {
                        if let Err(error) = self.received(&mut begun, frame) {
                            return Left::Lost(error);
                        }
                    }
                    Ok(None) => {
                        let context = "the object storage closed the connection";
                        return Left::Lost(Error::new(ErrorKind::Truncated, "use the object storage", context));
                    }
                    Err(error) => return Left::Lost(error),
                },
                // Cancel safe by contract.
                flushed = sender.flush(), if sender.waiting() > 0 => if let Err(error) = flushed {
                    return Left::Lost(error);
                },
                // Cancel safe: a channel's receiver loses nothing.
                request = self.queue.recv(), if sender.waiting() < HIGH_WATER => {
                    let Some(request) = request else { return Left::Ended };
                    self.pending.add(request, &mut |frame| sender.queue(frame));
                    while sender.waiting() < HIGH_WATER && let Ok(request) = self.queue.try_recv() {
                        self.pending.add(request, &mut |frame| sender.queue(frame));
                    }
                }
                // Cancel safe: a watch receiver marks what it has seen only when it returns.
                changed = self.at.changed() => return if changed.is_ok() { Left::Moved } else { Left::Ended },
            }
        }
    }

    fn received(&mut self, begun: &mut Option<ObjectResponseHeader>, frame: Bytes) -> Result<()> {
        let (header, payload) = match begun.take() {
            Some(header) => (header, frame),
            None => {
                let header = ObjectResponseHeader::decode(&frame)?;
                if header.payload_length > 0 {
                    *begun = Some(header);
                    return Ok(());
                }
                (header, Bytes::new())
            }
        };
        if header.payload_length != payload.len() as u64 {
            let context = format!("{} bytes were announced, {} came", header.payload_length, payload.len());
            return Err(Error::new(ErrorKind::Malformed, "use the object storage", context));
        }
        self.retry.succeeded();
        if std::mem::take(&mut self.is_told) {
            info!("the object storage answers again");
        }
        self.pending.answered(&header, payload);
        Ok(())
    }
}
