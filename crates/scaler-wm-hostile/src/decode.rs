//! Any bytes are a message or an error, and a message survives encoding.

use scaler_wm_wire::{Message, Version};

/// Messages of version 1.
pub fn decode_v1(bytes: &[u8]) {
    survives(bytes, Version::V1);
}

/// Messages of version 2.
pub fn decode_v2(bytes: &[u8]) {
    survives(bytes, Version::V2);
}

fn survives(bytes: &[u8], version: Version) {
    let message = match Message::decode(bytes, version) {
        Ok(Message::Other { .. }) => return,
        Ok(message) => message,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let frame = message.encode(version).expect("what was decoded has a form in its version");
    assert_eq!(Message::decode(&frame, version).expect("our own frame must be readable"), message);
}
