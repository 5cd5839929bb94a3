//! The provider does what every provider has to.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_agent::{AgentConfig, AgentProvider};
use scaler_wm_conformance::{Fixture, MemoryCluster, MemoryExecutor, provider_suite};
use scaler_wm_core::{ManagerId, Provider, UnitId};
use scaler_wm_journal::MemoryJournal;
use scaler_wm_wire::{
    Message, Version,
    message::{StorageAddress, WorkerHeartbeatEcho},
    ymq::{BindOptions, Binder, BinderEvent, Identity},
};
use tokio::sync::mpsc;

use crate::{
    storage::Storage,
    world::{INTERVAL, start},
};

struct Agents {
    config: AgentConfig,
    cluster: MemoryCluster,
    last: Mutex<Option<Arc<AgentProvider<MemoryExecutor>>>>,
    kills: mpsc::UnboundedSender<UnitId>,
}

#[async_trait]
impl Fixture for Agents {
    async fn provider(&self) -> Arc<dyn Provider> {
        let provider = Arc::new(start(&self.config, &self.cluster, &Arc::new(MemoryJournal::new())).await);
        *self.last.lock().expect("no test panics with it") = Some(Arc::clone(&provider));
        provider
    }

    /// Nothing but the scheduler reaches into an agent: one that is not answered any more gives up.
    async fn kill(&self, unit: &UnitId) {
        self.kills.send(unit.clone()).expect("the scheduler is there");
    }
}

/// Answers every heartbeat but those of agents that are to be killed.
async fn serve(mut binder: Binder, storage: StorageAddress, mut kills: mpsc::UnboundedReceiver<UnitId>) {
    let echo = Message::WorkerHeartbeatEcho(WorkerHeartbeatEcho { storage }).encode(Version::V2).expect("a message");
    let mut killed = HashSet::new();
    loop {
        tokio::select! {
            event = binder.next() => match event {
                Some(BinderEvent::Frame(peer, frame)) => {
                    let is_heartbeat = matches!(Message::decode(&frame, Version::V2), Ok(Message::WorkerHeartbeat(_)));
                    if is_heartbeat && !killed.contains(&peer) {
                        // It may be gone by now.
                        let _ = binder.send(&peer, echo.clone().into()).await;
                    }
                }
                Some(_) => {}
                None => return,
            },
            Some(unit) = kills.recv() => drop(killed.insert(Identity::from(unit.as_str()))),
        }
    }
}

#[tokio::test]
async fn the_suite() {
    let storage = Storage::start().await;
    let at = StorageAddress {
        host: storage.address().host,
        port: storage.address().port.expect("TCP"),
        scheme: "tcp".to_owned(),
    };
    let anywhere: scaler_wm_core::Address = "tcp://127.0.0.1:1".parse().expect("an address");
    let anywhere = scaler_wm_core::Address { port: Some(0), ..anywhere };
    let name = Identity::from("scheduler");
    let binder = Binder::bind(&anywhere, &name, Version::V2, BindOptions::default()).await.expect("a free port");
    let config = AgentConfig {
        heartbeat_interval: INTERVAL,
        death_timeout: Duration::from_secs(1),
        ..AgentConfig::new(binder.address().clone(), ManagerId::from("suite"))
    };
    let (kills, killed) = mpsc::unbounded_channel();
    tokio::spawn(serve(binder, at, killed));
    provider_suite(&Agents { config, cluster: MemoryCluster::new(), last: Mutex::default(), kills }).await;
}
