//! An object storage that a test looks into.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use scaler_wm_core::Address;
use scaler_wm_wire::{
    Version,
    message::{ObjectId, ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind},
    ymq::{BindOptions, Binder, BinderEvent, Identity},
};
use tokio::task::JoinHandle;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: HashMap<ObjectId, Bytes>,
    /// How often each was asked for.
    pub(crate) gets: HashMap<ObjectId, usize>,
    /// Those who wait for an object that is not there.
    waiting: Vec<(Identity, ObjectRequestHeader)>,
    /// Whether sets are kept and not answered.
    pub(crate) is_mute: bool,
}

/// An object storage that a test looks into. What it keeps outlives its connections.
pub(crate) struct Storage {
    state: Arc<Mutex<State>>,
    address: Address,
    task: Option<JoinHandle<()>>,
}

impl Storage {
    pub(crate) async fn start() -> Self {
        let anywhere: Address = "tcp://127.0.0.1:1".parse().expect("an address");
        let address = Address { port: Some(0), ..anywhere };
        let mut storage = Self { state: Arc::default(), address, task: None };
        storage.listen().await;
        storage
    }

    pub(crate) async fn listen(&mut self) {
        let binder = loop {
            let name = Identity::from("storage");
            match Binder::bind(&self.address, &name, Version::V2, BindOptions::default()).await {
                Ok(binder) => break binder,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.address = binder.address().clone();
        self.task = Some(tokio::spawn(serve(binder, Arc::clone(&self.state))));
    }

    /// Goes away with all connections.
    pub(crate) fn vanish(&mut self) {
        self.task.take().expect("it listens").abort();
        self.state().waiting.clear();
    }

    pub(crate) fn address(&self) -> Address {
        self.address.clone()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    pub(crate) fn object(&self, object: &ObjectId) -> Option<Bytes> {
        self.state().objects.get(object).cloned()
    }

    pub(crate) fn put(&self, object: &ObjectId, bytes: &Bytes) {
        self.state().objects.insert(object.clone(), bytes.clone());
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

async fn serve(mut binder: Binder, state: Arc<Mutex<State>>) {
    let mut begun: HashMap<Identity, ObjectRequestHeader> = HashMap::new();
    while let Some(event) = binder.next().await {
        let BinderEvent::Frame(peer, frame) = event else { continue };
        let mut answers: Vec<(Identity, ObjectRequestHeader, ObjectResponseKind, Bytes)> = Vec::new();
        {
            let mut state = state.lock().expect("no test panics with it");
            if let Some(header) = begun.remove(&peer) {
                state.objects.insert(header.object.clone(), frame.clone());
                if !state.is_mute {
                    answers.push((peer, header.clone(), ObjectResponseKind::SetOk, Bytes::new()));
                }
                let (ready, waiting) =
                    state.waiting.drain(..).partition(|(_, waiting)| waiting.object == header.object);
                state.waiting = waiting;
                let ready: Vec<_> = ready;
                answers.extend(
                    ready.into_iter().map(|(peer, header)| (peer, header, ObjectResponseKind::GetOk, frame.clone())),
                );
            } else {
                let Ok(header) = ObjectRequestHeader::decode(&frame) else { continue };
                match header.kind {
                    ObjectRequestKind::Set => drop(begun.insert(peer, header)),
                    ObjectRequestKind::Get => {
                        *state.gets.entry(header.object.clone()).or_default() += 1;
                        match state.objects.get(&header.object).cloned() {
                            Some(bytes) => answers.push((peer, header, ObjectResponseKind::GetOk, bytes)),
                            None => state.waiting.push((peer, header)),
                        }
                    }
                    ObjectRequestKind::Delete => {
                        state.objects.remove(&header.object);
                        answers.push((peer, header, ObjectResponseKind::DeleteOk, Bytes::new()));
                    }
                    other => panic!("nobody asks for {other:?}"),
                }
            }
        }
        for (peer, header, kind, payload) in answers {
            let header = ObjectResponseHeader {
                object: header.object,
                payload_length: payload.len() as u64,
                response_id: header.request_id,
                kind,
            };
            // Whoever asked may be gone.
            let _ = binder.send(&peer, header.encode().expect("a header").into()).await;
            if !payload.is_empty() {
                let _ = binder.send(&peer, payload).await;
            }
        }
    }
}
