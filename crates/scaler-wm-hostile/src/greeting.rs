//! What a peer says first: it is greeted or refused, and the frames behind a greeting arrive as they were sent.

use scaler_wm_wire::{
    ErrorKind, Version,
    ymq::fuzz::{Heard, greet},
};

/// Longest frame that is taken.
const MOST: u64 = 5000;
/// Longest name that is taken.
const LONGEST_NAME: usize = 4096;
/// Magic and version.
const MAGIC: usize = 4;
/// In front of each frame.
const HEADER: usize = 8;

/// The first byte says which side is greeted and in what pieces it speaks, the rest is what it says.
pub fn greeting(bytes: &[u8]) {
    let Some((how, said)) = bytes.split_first() else { return };
    let version = match how % 3 {
        0 => None,
        1 => Some(Version::V1),
        _ => Some(Version::V2),
    };
    let heard = greet(said, usize::from(*how) + 1, version, MOST);
    let in_one = greet(said, said.len(), version, MOST);
    match (heard, in_one) {
        (Ok(heard), Ok(in_one)) => {
            assert_eq!((heard.version, &heard.peer, &heard.frames), (in_one.version, &in_one.peer, &in_one.frames));
            assert_eq!(heard.end.is_ok(), in_one.end.is_ok());
            is_what_was_said(said, version, &heard);
        }
        (Err(error), Err(in_one)) => {
            assert_eq!(error.kind(), in_one.kind());
            assert!(!error.to_string().is_empty());
        }
        (heard, in_one) => panic!("in pieces {heard:?}, in one {in_one:?}"),
    }
}

fn is_what_was_said(said: &[u8], version: Option<Version>, heard: &Heard) {
    assert_eq!(said[..MAGIC], [b'Y', b'M', b'Q', heard.version.byte()]);
    assert!(version.is_none_or(|version| version == heard.version));
    assert!(heard.peer.as_bytes().len() <= LONGEST_NAME);
    // As it goes to logs: on one line.
    assert!(!heard.peer.to_string().contains(char::is_control));
    let mut rest = &said[MAGIC..];
    for frame in [&heard.peer.0].into_iter().chain(&heard.frames) {
        assert_eq!(rest[..HEADER], (frame.len() as u64).to_le_bytes());
        assert_eq!(&rest[HEADER..HEADER + frame.len()], frame);
        rest = &rest[HEADER + frame.len()..];
    }
    match &heard.end {
        Ok(()) => assert!(rest.is_empty()),
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Truncated | ErrorKind::Oversized), "{error}"),
    }
}
