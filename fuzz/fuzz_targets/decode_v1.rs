//! Any bytes are a message of version 1 or an error; a message survives encoding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scaler_wm_wire::{Message, Version};

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::decode(bytes, Version::V1) else { return };
    if matches!(message, Message::Other { .. }) {
        return;
    }
    let frame = message.encode(Version::V1).expect("what was decoded has a form in its version");
    assert_eq!(Message::decode(&frame, Version::V1).expect("our own frame must be readable"), message);
});
