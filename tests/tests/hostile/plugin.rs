//! A plug-in that means no good.

use std::sync::Arc;

use scaler_wm_tests::{Backend, ManagerOptions, Plugin, Result};

use crate::{
    deeds::{Deed, Then},
    door::Door,
    watched::{Watched, told},
};

const MB: u64 = 1 << 20;
/// The settings of a server of HTTP/2, all as they are.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";

/// A frame of HTTP/2.
fn frame(kind: u8, stream: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a small frame").to_be_bytes();
    [&length[1..], &[kind, u8::from(kind == 1) * 4, 0, 0, 0, stream], content].concat()
}

/// An answer to the first request of a connection, whose message claims so many bytes, up to its first byte.
fn answer(claimed: u32) -> Vec<u8> {
    // Status 200, and the type of gRPC.
    let head = [&[0x88, 0x0f, 0x10, 16][..], b"application/grpc"].concat();
    [SETTINGS, &frame(1, 1, &head), &frame(0, 1, &[&[0][..], &claimed.to_be_bytes()].concat())].concat()
}

fn deeds() -> Vec<Arc<Deed>> {
    // Only who has asked can be answered.
    let asked = |deed: Deed| Deed { heard: 150, ..deed };
    // A unit of nothing, as an answer to `Observe` has it.
    let empty_units = frame(0, 1, &[0x0a, 0].repeat(1 << 13));
    let deeds = [
        Deed::once("garbage", vec![0xa5; 1 << 20], Then::Close),
        Deed::once("nothing", Vec::new(), Then::Stall),
        Deed::once("a frame of 2^24 bytes", [SETTINGS, b"\xff\xff\xff\0\0\0\0\0\x01"].concat(), Then::Stall),
        Deed::once("endless pings", SETTINGS.to_vec(), Then::Close).and(frame(6, 0, &[0; 8]).repeat(1 << 10), 100),
        Deed::once("endless settings", SETTINGS.to_vec(), Then::Close).and(SETTINGS.repeat(1 << 10), 100),
        asked(Deed::once("an answer of 2^32 bytes", answer(u32::MAX), Then::Stall)),
        asked(Deed::once("half an answer", answer(1 << 20), Then::Stall).and(empty_units.clone(), 8)),
        asked(Deed::once("half a million units of nothing", answer(1 << 20), Then::Stall).and(empty_units, 64)),
        Deed { connections: 12, ..Deed::once("gone at once", SETTINGS.to_vec(), Then::Close) },
    ];
    deeds.map(Arc::new).into()
}

#[test]
fn a_plug_in_that_means_no_good_costs_little_and_a_good_one_is_called_afterwards() -> Result<()> {
    let stack = told()?;
    let plugin = Plugin::start(&stack)?;
    let door = Door::to_socket(plugin.socket())?;
    let backend = Backend::External { address: format!("http://127.0.0.1:{}", door.port()) };
    let mut options = ManagerOptions {
        backend,
        limit: 2,
        monitor_address: Some(stack.monitor_address()),
        ..ManagerOptions::default()
    };
    options.extra = vec!["--provider-timeout-seconds".to_owned(), "2".to_owned()];
    let address = stack.address();
    let mut watched = Watched::start(stack, &address, options, 150 * MB)?;
    for deed in &deeds() {
        door.misbehave(deed)?;
        watched.check(deed.name)?;
    }
    door.behave()?;
    watched.works()
}
