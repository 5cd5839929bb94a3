//! See the folder above.

#[rustfmt::skip]
#[expect(unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
pub(crate) mod message_capnp;
#[rustfmt::skip]
#[expect(unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
pub(crate) mod storage_capnp;
