//! Frames recorded from the releases, decoded and encoded again.

#[path = "common/cases.rs"]
mod cases;

use std::{collections::BTreeSet, fs, path::PathBuf};

use cases::cases;
use scaler_wm_wire::{
    Message, Version,
    message::{
        ObjectId, ObjectRequestHeader, ObjectRequestKind, ObjectResponseHeader, ObjectResponseKind,
        WorkerManagerCommand,
    },
};

fn folder(version: Version) -> PathBuf {
    let release = match version {
        Version::V1 => "2.6.0",
        Version::V2 => "2.9.0",
    };
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(release)
}

fn recorded(version: Version, name: &str) -> Vec<u8> {
    let path = folder(version).join(format!("{name}.bin"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_recorded_message_means_what_it_should_and_survives_encoding() {
    for version in Version::ALL {
        for (name, expected) in cases(version) {
            let decoded = Message::decode(&recorded(version, &name), version)
                .unwrap_or_else(|error| panic!("{name}, version {version}: {error}"));
            assert_eq!(decoded, expected, "{name}, version {version}");
            let again = Message::decode(&decoded.encode(version).unwrap(), version).unwrap();
            assert_eq!(again, expected, "{name}, version {version}, encoded by us");
        }
    }
}

/// Fields are written in another order than the releases do, so bytes differ; their number must not.
#[test]
fn our_frames_are_as_long_as_those_of_the_releases() {
    for version in Version::ALL {
        for (name, message) in cases(version).into_iter().filter(|(name, _)| !name.ends_with("_empty")) {
            let (ours, theirs) = (message.encode(version).unwrap().len(), recorded(version, &name).len());
            assert_eq!(ours, theirs, "{name}, version {version}");
        }
    }
}

#[test]
fn every_recorded_file_is_compared_with_something() {
    for version in Version::ALL {
        let mut known: BTreeSet<String> = cases(version).into_iter().map(|(name, _)| name).collect();
        known.extend((0..5).map(|number| format!("object_request_{number}")));
        known.extend((0..6).map(|number| format!("object_response_{number}")));
        known.extend(["other_client_heartbeat".to_owned(), "other_information_request".to_owned()]);
        let files = fs::read_dir(folder(version)).unwrap();
        let files: BTreeSet<String> =
            files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(files, known, "version {version}");
    }
}

#[test]
fn messages_nobody_needs_are_told_by_their_ordinal() {
    for (version, name, ordinal) in [
        (Version::V1, "other_client_heartbeat", 7),
        (Version::V2, "other_client_heartbeat", 7),
        (Version::V1, "other_information_request", 23),
        (Version::V2, "other_information_request", 21),
    ] {
        let message = Message::decode(&recorded(version, name), version).unwrap();
        assert_eq!(message, Message::Other { ordinal }, "{name}, version {version}");
    }
}

#[test]
fn a_member_that_came_after_us_is_told_by_its_ordinal() {
    let mut frame = Message::WorkerManagerCommand(WorkerManagerCommand::default()).encode(Version::V2).unwrap();
    // The union's number is the first of the root struct, after the segment table and the root pointer.
    frame[16..18].copy_from_slice(&999_u16.to_le_bytes());
    for version in Version::ALL {
        assert_eq!(Message::decode(&frame, version).unwrap(), Message::Other { ordinal: 999 });
    }
}

#[test]
fn headers_of_the_object_storage_are_those_of_the_releases_to_the_byte() {
    let object = ObjectId::from([u64::MAX - 1, 1, 1 << 63, 0x0102_0304_0506_0708].map(u64::to_be_bytes).as_flattened());
    let requests = [
        ObjectRequestKind::Set,
        ObjectRequestKind::Get,
        ObjectRequestKind::Delete,
        ObjectRequestKind::Duplicate,
        ObjectRequestKind::InfoTotal,
    ];
    let responses = [
        ObjectResponseKind::SetOk,
        ObjectResponseKind::GetOk,
        ObjectResponseKind::DeleteOk,
        ObjectResponseKind::DeleteNotExists,
        ObjectResponseKind::DuplicateOk,
        ObjectResponseKind::InfoTotalOk,
    ];
    for version in Version::ALL {
        for (number, kind) in requests.into_iter().enumerate() {
            let bytes = recorded(version, &format!("object_request_{number}"));
            let header = ObjectRequestHeader { object: object.clone(), payload_length: u64::MAX, request_id: 61, kind };
            assert_eq!(ObjectRequestHeader::decode(&bytes).unwrap(), header);
            assert_eq!(header.encode().unwrap(), bytes);
        }
        for (number, kind) in responses.into_iter().enumerate() {
            let bytes = recorded(version, &format!("object_response_{number}"));
            let header =
                ObjectResponseHeader { object: object.clone(), payload_length: 1 << 33, response_id: 62, kind };
            assert_eq!(ObjectResponseHeader::decode(&bytes).unwrap(), header);
            assert_eq!(header.encode().unwrap(), bytes);
        }
    }
}
