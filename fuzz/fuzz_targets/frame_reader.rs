//! A stream cut into pieces gives the same frames, and the same refusal, as the stream in one piece.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scaler_wm_wire::ymq::FrameDecoder;

/// Longest frame that is taken.
const MAX: u64 = 1000;

fn drain(decoder: &mut FrameDecoder, frames: &mut Vec<Vec<u8>>) -> bool {
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => {
                assert!(frame.len() as u64 <= MAX);
                frames.push(frame.to_vec());
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fuzz_target!(|input: (usize, Vec<u8>)| {
    let (piece, stream) = input;
    let mut whole = FrameDecoder::new(MAX);
    whole.push(&stream);
    let mut expected = Vec::new();
    let is_good = drain(&mut whole, &mut expected);
    let payload: usize = expected.iter().map(|frame| frame.len() + 8).sum();
    assert!(payload + whole.buffered() == stream.len());

    let mut pieces = FrameDecoder::new(MAX);
    let mut frames = Vec::new();
    let mut still_good = true;
    for part in stream.chunks(piece % 64 + 1) {
        pieces.push(part);
        still_good = drain(&mut pieces, &mut frames);
        if !still_good {
            break;
        }
    }
    assert_eq!(frames, expected);
    assert_eq!(still_good, is_good);
});
