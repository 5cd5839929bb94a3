//! Calls of a plug-in: each within its time, counted, and its failure in our words.

use std::time::Duration;

use scaler_wm_core::{
    Error, ErrorKind, Result,
    control::{CallFigures, Calls},
};
use tokio::time::{Instant, timeout};
use tonic::{Code, Request, Response, Status, Streaming, transport::Channel};

use crate::{
    ExternalConfig,
    dial::Line,
    failure::error_of,
    v1::{
        Change, InfoRequest, InfoResponse, LaunchRequest, LaunchResponse, LeaveRequest, ObserveRequest,
        ObserveResponse, StopRequest, StopResponse, SweepRequest, WatchChangesRequest, provider_client::ProviderClient,
    },
};

/// The most bytes that one answer may have: more than as many units need as it may have entries (`codec.rs`).
const LARGEST_ANSWER: usize = 32 << 20;

/// Calls one plug-in.
#[derive(Debug)]
pub(crate) struct Client {
    line: Line,
    address: String,
    within: Duration,
    calls: Calls,
}

impl Client {
    pub(crate) fn new(config: &ExternalConfig) -> Result<Self> {
        Ok(Self {
            line: Line::new(config)?,
            address: config.address.to_string(),
            within: config.answers_within,
            calls: Calls::default(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn figures(&self) -> Vec<CallFigures> {
        self.calls.figures()
    }

    pub(crate) async fn info(&self, request: InfoRequest) -> Result<InfoResponse> {
        self.call("ask the plug-in what it is", "Info", self.within, request, async |mut client, request| {
            client.info(request).await
        })
        .await
    }

    pub(crate) async fn launch(&self, request: LaunchRequest) -> Result<LaunchResponse> {
        self.call("start units by the plug-in", "Launch", self.within, request, async |mut client, request| {
            client.launch(request).await
        })
        .await
    }

    pub(crate) async fn observe(&self, request: ObserveRequest) -> Result<ObserveResponse> {
        self.call("look at the plug-in's units", "Observe", self.within, request, async |mut client, request| {
            client.observe(request).await
        })
        .await
    }

    pub(crate) async fn stop(&self, request: StopRequest) -> Result<StopResponse> {
        self.call("stop units by the plug-in", "Stop", self.within, request, async |mut client, request| {
            client.stop(request).await
        })
        .await
    }

    pub(crate) async fn sweep(&self, request: SweepRequest, within: Duration) -> Result<()> {
        let within = self.within.max(within);
        let answer = self.call("clean up by the plug-in", "Sweep", within, request, async |mut client, request| {
            let answer: Result<_, Status> = client.sweep(request).await;
            optional(answer)
        });
        answer.await
    }

    pub(crate) async fn leave(&self, request: LeaveRequest) -> Result<()> {
        let answer = self.call("let go of units", "Leave", self.within, request, async |mut client, request| {
            let answer: Result<_, Status> = client.leave(request).await;
            optional(answer)
        });
        answer.await
    }

    /// What the plug-in says, without what it must not show.
    pub(crate) fn words(&self, status: &Status) -> String {
        self.line.without_token(status.message())
    }

    /// Ticks for as long as the connection lasts. Some servers say nothing at all before the first tick.
    pub(crate) async fn watch(&self, request: WatchChangesRequest) -> Result<Streaming<Change>, Box<Status>> {
        let (_, channel) = self.line.channel();
        let request = self.line.request(request);
        ProviderClient::new(channel).watch_changes(request).await.map(Response::into_inner).map_err(Box::new)
    }

    async fn call<M, T>(
        &self,
        operation: &'static str,
        name: &'static str,
        within: Duration,
        message: M,
        make: impl AsyncFnOnce(ProviderClient<Channel>, Request<M>) -> Result<Response<T>, Status>,
    ) -> Result<T> {
        let (number, channel) = self.line.channel();
        let client = ProviderClient::new(channel).max_decoding_message_size(LARGEST_ANSWER);
        let mut request = self.line.request(message);
        // So that the plug-in can give up as well.
        request.set_timeout(within);
        let started = Instant::now();
        let answer = match timeout(within, make(client, request)).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            // tonic takes the same time for itself.
            Ok(Err(status)) if is_late(&status) => Err(self.late(operation, number, within)),
            Ok(Err(status)) => {
                let hide = |text: &str| self.line.without_token(text);
                Err(error_of(&status, operation, hide).with_advice(&format!("the plug-in is at {}", self.address)))
            }
            Err(_) => Err(self.late(operation, number, within)),
        };
        self.calls.note(name, started.elapsed(), answer.as_ref().err().map(Error::kind));
        answer
    }

    fn late(&self, operation: &'static str, number: u64, within: Duration) -> Error {
        self.line.give_up(number);
        let context = format!(
            "the plug-in at {} has not answered within {} s (provider_timeout_seconds)",
            self.address,
            within.as_secs_f64()
        );
        Error::new(ErrorKind::Transient, operation, context)
    }
}

fn is_late(status: &Status) -> bool {
    matches!(status.code(), Code::DeadlineExceeded)
        || (status.code() == Code::Cancelled && status.message().contains("Timeout expired"))
}

/// Not every plug-in has something to do there.
fn optional<T>(answer: Result<Response<T>, Status>) -> Result<Response<()>, Status> {
    match answer {
        Err(status) if status.code() == Code::Unimplemented => Ok(Response::new(())),
        answer => answer.map(|_| Response::new(())),
    }
}
