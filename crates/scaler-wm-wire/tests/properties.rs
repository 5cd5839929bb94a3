//! What holds for every message and every way to cut a stream.

#[path = "common/any.rs"]
mod any;
#[path = "common/cases.rs"]
mod cases;

use bytes::Bytes;
use proptest::prelude::*;
use scaler_wm_wire::{ErrorKind, Message, Version, ymq::FrameDecoder};

proptest! {
    #[test]
    fn a_message_comes_back_as_it_went(message in any::message(Version::V2)) {
        let frame = message.encode(Version::V2).unwrap();
        prop_assert_eq!(Message::decode(&frame, Version::V2).unwrap(), message);
    }

    #[test]
    fn in_version_1_it_comes_back_without_what_came_later(message in any::message(Version::V1)) {
        let frame = message.encode(Version::V1).unwrap();
        prop_assert_eq!(Message::decode(&frame, Version::V1).unwrap(), message);
    }

    #[test]
    fn a_frame_is_read_at_any_offset(message in any::message(Version::V2), offset in 0_usize..9) {
        let frame = message.encode(Version::V2).unwrap();
        let moved = [vec![0xaa; offset], frame].concat();
        prop_assert_eq!(Message::decode(&moved[offset..], Version::V2).unwrap(), message);
    }

    #[test]
    fn damaged_bytes_are_refused_or_mean_something_else_but_never_panic(
        message in any::message(Version::V2),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut frame = message.encode(Version::V2).unwrap();
        for (index, byte) in damage {
            let index = index.index(frame.len());
            frame[index] = byte;
        }
        for bytes in [&frame[..], &frame[..cut.index(frame.len())]] {
            for version in Version::ALL {
                if let Err(error) = Message::decode(bytes, version) {
                    prop_assert_eq!(error.kind(), ErrorKind::Malformed);
                }
            }
        }
    }

    #[test]
    fn frames_are_the_same_however_the_stream_is_cut(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..10),
        cuts in prop::collection::vec(1_usize..20, 1..40),
    ) {
        let mut stream = Vec::new();
        for frame in &frames {
            stream.extend_from_slice(&(frame.len() as u64).to_le_bytes());
            stream.extend_from_slice(frame);
        }
        let mut decoder = FrameDecoder::new(50);
        let mut found: Vec<Bytes> = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            decoder.push(piece);
            rest = after;
            while let Some(frame) = decoder.next_frame().unwrap() {
                found.push(frame);
            }
        }
        prop_assert!(decoder.is_empty());
        prop_assert_eq!(found, frames);
    }
}

#[test]
fn few_bytes_cannot_make_much_work() {
    // One segment of three words: the root has no data and one pointer, which claims a list of half a billion elements
    // without size, read as a list of structs.
    let list_of_nothing: u64 = 1 | ((1 << 29) - 1) << 35;
    for ordinal in 0..28_u64 {
        let words = [3_u64 << 32, 0x0001_0001_0000_0000, ordinal, 0];
        let mut frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        frame[24..32].copy_from_slice(&list_of_nothing.to_le_bytes());
        for version in Version::ALL {
            // Whatever it is taken for, it must be over at once.
            let _ = Message::decode(&frame, version);
        }
    }
}

#[test]
fn a_command_of_countless_empty_wishes_is_refused() {
    for (size, name) in [(0_u64, "nothing"), (7, "structs of no words")] {
        let count = (1_u64 << 29) - 1;
        let mut words = vec![
            0,
            0x0001_0001_0000_0000,
            25,
            // The command: no data, one pointer.
            0x0001_0000_0000_0000,
            if size == 7 { 1 | 7 << 32 } else { 1 | count << 35 },
        ];
        if size == 7 {
            // The tag of the list: so many structs, each of no words.
            words.push(count << 2);
        }
        words[0] = (words.len() as u64 - 1) << 32;
        let frame: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let error = Message::decode(&frame, Version::V2).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Malformed, "{name}: {error}");
    }
}

#[test]
fn what_a_version_lacks_cannot_be_encoded_in_it() {
    let lacking = |from: Version, to: Version| {
        let cases = cases::cases(from).into_iter().filter(move |(_, message)| message.encode(to).is_err());
        cases.map(|(name, message)| (name, message.encode(to).unwrap_err().kind())).collect::<Vec<_>>()
    };
    let kind = ErrorKind::Unrepresentable;
    assert_eq!(lacking(Version::V2, Version::V1), [("worker_disconnect".to_owned(), kind)]);
    let names = ["state_task_9", "state_task_10", "disconnect_request", "disconnect_response"];
    assert_eq!(lacking(Version::V1, Version::V2), names.map(|name| (name.to_owned(), kind)));
    for version in Version::ALL {
        assert_eq!(Message::Other { ordinal: 5 }.encode(version).unwrap_err().kind(), kind);
    }
}

/// Limits against hostile bytes must not hit an honest scheduler, however large.
#[test]
fn a_scheduler_of_many_workers_is_read_whole() {
    for version in Version::ALL {
        let found = cases::cases(version).into_iter().find(|(name, _)| name == "state_scheduler");
        let Some((_, Message::StateScheduler(mut state))) = found else { panic!("there is such a case") };
        state.workers = state.workers.iter().cycle().take(5000).cloned().collect();
        let message = Message::StateScheduler(state);
        let frame = message.encode(version).unwrap();
        assert!(frame.len() > 500_000);
        assert_eq!(Message::decode(&frame, version).unwrap(), message);
    }
}
