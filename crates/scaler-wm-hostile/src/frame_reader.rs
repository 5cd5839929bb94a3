//! A stream cut into pieces gives the same frames, and the same refusal, as the stream in one piece.

use scaler_wm_wire::ymq::FrameDecoder;

/// Longest frame that is taken.
const MOST: u64 = 1000;

/// The first byte is the length of the pieces, the rest the stream.
pub fn frame_reader(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else { return };
    let mut whole = FrameDecoder::new(MOST);
    whole.push(stream);
    let mut expected = Vec::new();
    let is_good = drain(&mut whole, &mut expected);
    let taken: usize = expected.iter().map(|frame| frame.len() + 8).sum();
    assert_eq!(taken + whole.buffered(), stream.len());

    let mut pieces = FrameDecoder::new(MOST);
    let mut frames = Vec::new();
    let mut is_still_good = true;
    for part in stream.chunks(usize::from(*piece) + 1) {
        pieces.push(part);
        is_still_good = drain(&mut pieces, &mut frames);
        if !is_still_good {
            break;
        }
    }
    assert_eq!(frames, expected);
    assert_eq!(is_still_good, is_good);
}

/// Takes all frames that are there; whether more may come.
fn drain(decoder: &mut FrameDecoder, frames: &mut Vec<Vec<u8>>) -> bool {
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => {
                assert!(frame.len() as u64 <= MOST);
                frames.push(frame.to_vec());
            }
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}
