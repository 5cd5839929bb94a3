//! See the folder above.

#[rustfmt::skip]
#[expect(unreachable_pub, unused_qualifications, clippy::semicolon_if_nothing_returned, clippy::unwrap_used, reason = "generated code")]
pub(crate) mod message_capnp;
