//! Hears what a scheduler says.

use std::{pin::Pin, sync::Arc};

use scaler_wm_core::{
    Capabilities, Clock, LinkEvent, Load, Request as Requested, Timestamp, Wish, WorkerId, WorkerLoad,
};
use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming};
use tracing::{debug, info};

use super::{LinkHello, seat::Seat};
use crate::v1::{
    ManagerHello, ManagerMessage, SchedulerLoad, SchedulerMessage, SchedulerWish, external_scheduler_server,
    manager_message, scheduler_message::Message,
};

/// What a scheduler attaches to.
pub(super) struct Service {
    hello: ManagerHello,
    seat: Arc<Seat>,
    events: mpsc::Sender<LinkEvent>,
    clock: Clock,
}

impl Service {
    pub(super) fn new(hello: &LinkHello, seat: Arc<Seat>, events: mpsc::Sender<LinkEvent>, clock: Clock) -> Self {
        let capabilities = hello.capabilities.iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let hello = ManagerHello {
            manager: hello.manager.as_str().to_owned(),
            task_concurrency_per_unit: hello.task_concurrency_per_unit,
            capabilities,
        };
        Self { hello, seat, events, clock }
    }
}

#[tonic::async_trait]
impl external_scheduler_server::ExternalScheduler for Service {
    type AttachStream = Pin<Box<dyn Stream<Item = Result<ManagerMessage, Status>> + Send>>;

    async fn attach(
        &self,
        request: Request<Streaming<SchedulerMessage>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let (outbox, told) = mpsc::unbounded_channel();
        let number = self.seat.take(outbox, manager_message::Message::Hello(self.hello.clone()));
        info!(number, "a scheduler has attached");
        let hearing = Hearing {
            messages: request.into_inner(),
            seat: Arc::clone(&self.seat),
            events: self.events.clone(),
            clock: self.clock,
            since: self.clock.now(),
            number,
        };
        tokio::spawn(hearing.run());
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(told))))
    }
}

/// One scheduler that is heard.
struct Hearing {
    messages: Streaming<SchedulerMessage>,
    seat: Arc<Seat>,
    events: mpsc::Sender<LinkEvent>,
    clock: Clock,
    since: Timestamp,
    number: u64,
}

impl Hearing {
    async fn run(mut self) {
        let mut is_heard = self.events.send(LinkEvent::Up).await.is_ok();
        let reason = loop {
            if !is_heard {
                return;
            }
            let event = match self.messages.message().await {
                Ok(Some(SchedulerMessage { message: Some(message) })) => self.event(message),
                Ok(Some(_)) => {
                    debug!("a message of the scheduler says nothing that is known here");
                    continue;
                }
                Ok(None) => break "the scheduler has ended the stream".to_owned(),
                Err(status) => break format!("the scheduler's stream was cut off: {}", status.message()),
            };
            if !self.seat.is_held_by(self.number) {
                return;
            }
            is_heard = self.events.send(event).await.is_ok();
        };
        if self.seat.leave(self.number) {
            info!(number = self.number, %reason, "the scheduler has gone");
            // What was busy is not known any more. Nobody hears it where the manager has ended.
            let _ = self.events.send(LinkEvent::Load(Load::default())).await;
            let _ = self.events.send(LinkEvent::Down(reason)).await;
        }
    }

    fn event(&self, message: Message) -> LinkEvent {
        match message {
            Message::Wish(wish) => LinkEvent::Wish(wish_of(wish)),
            Message::Load(load) => LinkEvent::Load(load_of(load, self.since, self.clock.now())),
            Message::Close(reason) => LinkEvent::Closed(format!("the scheduler says: {reason}")),
        }
    }
}

fn wish_of(message: SchedulerWish) -> Wish {
    let request = |work: crate::v1::WishedWork| Requested {
        task_concurrency: work.task_concurrency,
        capabilities: work.capabilities.into_iter().collect::<Capabilities>(),
    };
    let requests = message.work.into_iter().map(request).collect();
    if message.is_spare { Wish::Spare(requests) } else { Wish::Follow(requests) }
}

fn load_of(message: SchedulerLoad, since: Timestamp, now: Timestamp) -> Load {
    let workers = message.workers.into_iter().map(|worker| {
        let load = WorkerLoad {
            running: worker.running,
            queued: worker.queued,
            running_since: worker.running_since_ms.map(Timestamp::from_millis),
            // As of when it arrived: the clocks of both need not agree.
            as_of: now,
        };
        (WorkerId::from(&worker.worker), load)
    });
    Load { workers: Arc::new(workers.collect()), live_since: Some(since), waiting: message.waiting }
}
