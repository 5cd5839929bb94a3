//! What peers on the wire do that no peer should.

use std::sync::Arc;

/// What becomes of a connection when all is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    /// It stays open, and nothing more is said.
    Stall,
}

/// What is done to each connection: something is said, something else over and over, and then it ends or stalls.
#[derive(Debug)]
pub(crate) struct Deed {
    pub(crate) name: &'static str,
    pub(crate) first: Vec<u8>,
    pub(crate) again: Vec<u8>,
    pub(crate) times: usize,
    pub(crate) then: Then,
    /// Connections to which it is done.
    pub(crate) connections: usize,
    /// Bytes that are waited for first.
    pub(crate) heard: usize,
}

impl Deed {
    pub(crate) fn once(name: &'static str, first: Vec<u8>, then: Then) -> Self {
        Self { name, first, again: Vec::new(), times: 0, then, connections: 1, heard: 0 }
    }

    /// With `again` said so often behind it.
    pub(crate) fn and(self, again: Vec<u8>, times: usize) -> Self {
        Self { again, times, ..self }
    }
}

/// What a good peer says first, in version 2 of the wire.
pub(crate) fn greeting() -> Vec<u8> {
    [&b"YMQ\x02"[..], &6_u64.to_le_bytes(), b"binder"].concat()
}

/// A frame with its length.
pub(crate) fn frame(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u64).to_le_bytes()[..], content].concat()
}

/// A greeting, and something behind it.
pub(crate) fn greeted(rest: &[u8]) -> Vec<u8> {
    [&greeting()[..], rest].concat()
}

/// Bytes that mean nothing, the same in every run.
fn garbage(length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// A few of [`of_the_wire`], for doors behind which the same code is.
pub(crate) fn some_of_the_wire(largest: usize) -> Vec<Arc<Deed>> {
    let some =
        ["garbage behind the greeting", "a frame of 2^63 bytes", "half of the largest frame", "the largest frames"];
    of_the_wire(largest).into_iter().filter(|deed| some.contains(&deed.name)).collect()
}

/// What can be done at every door at which the wire is spoken and no frame is longer than `largest` bytes.
pub(crate) fn of_the_wire(largest: usize) -> Vec<Arc<Deed>> {
    use Then::{Close, Stall};
    let claims = |length: u64| length.to_le_bytes();
    let half_of_the_largest = greeted(&[&claims(largest as u64)[..], &vec![0; largest / 2]].concat());
    let deeds = [
        Deed::once("another protocol", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Close),
        Deed::once("garbage before the greeting", garbage(1 << 20), Close),
        Deed::once("half a magic", b"YM".to_vec(), Stall),
        Deed::once("half a name", greeting()[..15].to_vec(), Stall),
        Deed::once("a name of 2^63 bytes", [&b"YMQ\x02"[..], &claims(1 << 63)].concat(), Stall),
        Deed::once("a name of a megabyte", [&b"YMQ\x02"[..], &frame(&[b'x'; 1 << 20])].concat(), Stall),
        Deed::once("garbage behind the greeting", greeted(&garbage(1 << 20)), Close),
        Deed::once("half a length", greeted(&[1, 0, 0]), Stall),
        Deed::once("a frame of 2^63 bytes", greeted(&claims(1 << 63)), Stall),
        Deed::once("one byte too much", greeted(&claims(largest as u64 + 1)), Stall),
        Deed::once("half of the largest frame", half_of_the_largest, Stall),
        Deed::once("the largest frames", greeting(), Close).and(frame(&vec![0; largest]), 3),
        Deed::once("endless large frames", greeting(), Close).and(frame(&[0; 1 << 16]), 1 << 10),
        Deed::once("endless small frames", greeting(), Close).and(frame(&[0; 8]).repeat(1 << 10), 100),
        Deed::once("endless frames of nothing", greeting(), Close).and(frame(&[]).repeat(1 << 10), 100),
        Deed { connections: 3, ..Deed::once("gone before the greeting", Vec::new(), Close) },
        Deed { connections: 3, ..Deed::once("gone behind the greeting", greeting(), Close) },
    ];
    deeds.map(Arc::new).into()
}
