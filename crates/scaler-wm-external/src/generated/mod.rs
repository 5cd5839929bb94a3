//! Made by `cargo xtask codegen` of `link.proto` and `provider.proto` in `proto/scaler_wm/v1`.

#[expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes,
    clippy::pedantic,
    clippy::missing_errors_doc,
    reason = "generated"
)]
#[rustfmt::skip]
#[path = "scaler_wm.v1.rs"]
pub mod v1;
