//! What the folder says of sessions, and services that are written for Symphony's hosts.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

use crate::{
    alone::{alone, folder, within},
    payload,
    table::{RECOVERABLE, connect},
};

/// The one of this test.
const SERVICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulator/hosted.py");

#[test]
fn a_session_tells_what_it_was_made_with_and_by_whom() {
    alone(&[], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create_as(RECOVERABLE, 7, Duration::ZERO).unwrap();
        let facts = fs::read_to_string(folder().join("sessions/1/facts")).unwrap();
        let type_line = format!("type={RECOVERABLE}");
        let lines = [
            "application=app",
            &type_line,
            "priority=7",
            "codec=0",
            "user=Guest",
            "name=tests",
            "tag=a tag of two lines",
            "service=",
        ];
        assert_eq!(facts.lines().collect::<Vec<_>>(), lines);
        session.destroy();
        connection.close();
    });
}

#[test]
fn a_service_for_symphonys_hosts_runs_the_tasks() {
    alone(&[("SERVICE", SERVICE), ("INSTANCES", "1")], || {
        let connection = connect("app", "").unwrap();
        let sessions = [connection.create(), connection.create()];
        for session in &sessions {
            session.submit(b"\x80\xff as it is");
            assert_eq!(session.output().answer.unwrap(), b"\x80\xff as it is");
        }
        sessions[1].submit(b"fatal");
        assert_eq!(sessions[1].output().answer.unwrap_err(), "FatalException: as was asked for");
        sessions[1].submit(b"nothing");
        assert!(sessions[1].output().answer.unwrap_err().ends_with("the service has set no output"));
        sessions.iter().for_each(|session| session.destroy());
        connection.close();
        let notes = fs::read_to_string(folder().join("notes")).unwrap();
        assert_eq!(notes, "create enter leave enter leave destroy ");
    });
}

#[test]
fn a_submit_that_blocks_goes_on_when_it_may() {
    alone(&[("FAULTS", "submit-blocks=600000")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let has_returned = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                session.submit(&payload::add(1, 1));
                has_returned.store(true, SeqCst);
            });
            assert!(session.is_quiet() && !has_returned.load(SeqCst));
            let fresh: PathBuf = folder().join("faults.new");
            fs::write(&fresh, "").unwrap();
            fs::rename(fresh, folder().join("faults")).unwrap();
            assert!(within(10, || has_returned.load(SeqCst)));
        });
        assert_eq!(payload::small(&session.output().answer.unwrap()), Some(2));
        session.destroy();
        connection.close();
    });
}
