//! What the transport tests share.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test file uses a part of it: an expectation would fail in those that use all"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{future::Future, time::Duration};

use bytes::Bytes;
use scaler_wm_core::{Address, Scheme};
use scaler_wm_wire::{
    Result, Version,
    ymq::{BindOptions, Binder, BinderEvent, ConnectOptions, Connection, Identity, connect},
};
use tempfile::TempDir;

/// Fails when something does not happen in a time that is long for everybody.
pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it must happen in time")
}

/// Where a binder of a test listens.
pub(crate) struct Place {
    address: Address,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn tcp() -> Self {
        Self::host("127.0.0.1")
    }

    pub(crate) fn tcp6() -> Self {
        Self::host("[::1]")
    }

    fn host(host: &str) -> Self {
        let address = Address { scheme: Scheme::Tcp, host: host.to_owned(), port: Some(0), path: None };
        Self { address, _folder: None }
    }

    pub(crate) fn ipc() -> Self {
        let folder = TempDir::new().unwrap();
        let host = folder.path().join("socket").to_str().unwrap().to_owned();
        Self { address: Address { scheme: Scheme::Ipc, host, port: None, path: None }, _folder: Some(folder) }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) async fn try_bind(&self, version: Version) -> Result<Binder> {
        Binder::bind(&self.address, &Identity::from("binder"), version, BindOptions::default()).await
    }

    pub(crate) async fn bind(&self, version: Version) -> Binder {
        self.try_bind(version).await.unwrap()
    }
}

pub(crate) async fn connected(address: &Address, identity: &Identity) -> Connection {
    within(connect(address, identity, &ConnectOptions::default())).await.unwrap()
}

pub(crate) async fn event(binder: &mut Binder) -> BinderEvent {
    within(binder.next()).await.expect("the binder must live")
}

pub(crate) async fn frame_from(binder: &mut Binder, identity: &Identity) -> Bytes {
    match event(binder).await {
        BinderEvent::Frame(peer, frame) if peer == *identity => frame,
        other => panic!("a frame of {identity} is due, not {other:?}"),
    }
}
