//! Headers of the object storage: any bytes are one or an error, and what is one survives encoding, in 80 bytes.

use scaler_wm_wire::message::{ObjectRequestHeader, ObjectResponseHeader};

const LENGTH: usize = 80;
const ID: usize = 32;

/// Requests and responses alike.
pub fn storage_header(bytes: &[u8]) {
    match ObjectRequestHeader::decode(bytes) {
        Ok(header) => {
            assert_eq!(header.object.as_bytes().len(), ID);
            let frame = header.encode().expect("what was decoded has a form");
            assert_eq!(frame.len(), LENGTH);
            assert_eq!(ObjectRequestHeader::decode(&frame).expect("our own header must be readable"), header);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match ObjectResponseHeader::decode(bytes) {
        Ok(header) => {
            assert_eq!(header.object.as_bytes().len(), ID);
            let frame = header.encode().expect("what was decoded has a form");
            assert_eq!(frame.len(), LENGTH);
            assert_eq!(ObjectResponseHeader::decode(&frame).expect("our own header must be readable"), header);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
