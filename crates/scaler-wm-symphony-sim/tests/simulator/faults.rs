//! Each fault on demand.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use scaler_wm_symphony_sim::abi;

use crate::{
    alone::{alone, folder, within},
    payload,
    table::{Connection, Event, Session, connect, find_api},
};

fn begin() -> (Connection, Session) {
    let connection = connect("app", "").unwrap();
    let session = connection.create();
    (connection, session)
}

fn end(connection: Connection, session: &Session) {
    session.destroy();
    connection.close();
}

#[test]
fn connect_refused_so_many_times() {
    alone(&[("FAULTS", "connect-refused=2")], || {
        let refused = [(); 3].map(|()| connect("app", "").err().map(|problem| problem.0));
        assert_eq!(refused, [Some(abi::UNREACHABLE), Some(abi::UNREACHABLE), None]);
    });
}

#[test]
fn abi_mismatch_until_the_file_says_otherwise() {
    alone(&[("FAULTS", "abi-mismatch")], || {
        assert!(find_api().is_none());
        fs::write(folder().join("faults"), "").unwrap();
        assert!(find_api().is_some());
    });
}

#[test]
fn a_wrong_fault_is_told_by_initialize() {
    alone(&[("FAULTS", "no-such-fault")], || {
        let (status, message) = connect("app", "").err().unwrap();
        assert!(status == abi::INVALID && message.contains("no-such-fault") && message.contains("output-twice"));
    });
}

#[test]
fn application_and_password_are_checked_where_they_are_set() {
    alone(&[("APPLICATIONS", "one, two"), ("PASSWORD", "secret")], || {
        assert_eq!(connect("two", "other").err().unwrap().0, abi::DENIED);
        assert_eq!(connect("three", "secret").err().unwrap().0, abi::UNKNOWN);
        connect("two", "secret").unwrap().close();
    });
}

#[test]
fn an_aborted_session_is_opened_again_with_all_of_its_outputs() {
    alone(&[("FAULTS", "session-aborted=2"), ("CALLBACKS", "1")], || {
        let (connection, session) = begin();
        let id = session.id();
        (0..5).for_each(|number| drop(session.try_submit(None, &payload::add(0, number))));
        session.output();
        session.output();
        let lost = session.event();
        assert_eq!(lost, Event::Lost { status: abi::LOST, message: format!("session {id} was aborted") });
        assert_eq!(session.try_submit(None, &payload::add(1, 1)).unwrap_err().0, abi::LOST);
        assert_eq!(session.cancel("1").unwrap_err().0, abi::LOST);
        assert!(session.is_quiet());
        let again = connection.open(&id).unwrap();
        // The lost one is of no influence any more.
        assert_eq!(session.close(abi::DESTROY).unwrap_err().0, abi::LOST);
        let mut outputs = BTreeMap::new();
        while outputs.len() < 5 {
            let output = again.output();
            assert!(outputs.insert(output.task, output.answer.unwrap()).is_none());
        }
        end(connection, &again);
    });
}

#[test]
fn a_session_that_is_gone_is_not_known_any_more() {
    alone(&[("FAULTS", "session-aborted=0,session-gone")], || {
        let (connection, session) = begin();
        let id = session.id();
        session.submit(&payload::sleep(0.0));
        session.submit(&payload::sleep(60.0));
        assert!(matches!(session.event(), Event::Lost { status: abi::LOST, .. }));
        assert_eq!(connection.open(&id).err().unwrap().0, abi::UNKNOWN);
        assert_eq!(fs::read_dir(folder().join("sessions")).unwrap().count(), 0);
        session.detach();
        connection.close();
    });
}

#[test]
fn a_killed_instance_has_its_task_tried_again_as_often_as_allowed() {
    alone(&[("FAULTS", "instance-killed=3"), ("INSTANCES", "2")], || {
        let (connection, session) = begin();
        (0..9).for_each(|_| drop(session.submit(&payload::add(1, 1))));
        for _ in 0..9 {
            assert_eq!(payload::small(&session.output().answer.unwrap()), Some(2));
        }
        fs::write(folder().join("faults"), "instance-killed=1\ntask-retries=1").unwrap();
        session.submit(&payload::add(1, 1));
        let text = session.output().answer.unwrap_err();
        assert_eq!(text, "the service instance ended 2 times while it had the task");
        end(connection, &session);
    });
}

#[test]
fn outputs_come_twice() {
    alone(&[("FAULTS", "output-twice=2"), ("INSTANCES", "1"), ("CALLBACKS", "1")], || {
        let (connection, session) = begin();
        (0..4).for_each(|_| drop(session.submit(&payload::add(1, 1))));
        assert_eq!([(); 6].map(|()| session.output().task), ["1", "2", "2", "3", "4", "4"]);
        assert!(session.is_quiet());
        end(connection, &session);
    });
}

#[test]
fn an_output_comes_before_submit_has_returned() {
    alone(&[("FAULTS", "output-early=2")], || {
        let (connection, session) = begin();
        session.submit(&payload::sleep(0.3));
        assert!(session.so_far().is_empty());
        session.output();
        let task = session.submit(&payload::sleep(0.3));
        let told = session.so_far();
        assert!(matches!(&told[..], [Event::Output(output)] if output.task == task), "{told:?}");
        end(connection, &session);
    });
}

#[test]
fn callbacks_are_slow_and_the_close_does_not_wait_for_those_that_have_not_begun() {
    alone(&[("FAULTS", "slow-callbacks=300")], || {
        let (connection, session) = begin();
        let begun = Instant::now();
        session.submit(&payload::add(1, 1));
        session.output();
        assert!(begun.elapsed() >= Duration::from_millis(300));
        fs::write(folder().join("faults"), "slow-callbacks=60000").unwrap();
        let task = session.submit(&payload::add(1, 1));
        assert!(within(10, || folder().join(format!("sessions/1/{task}.out")).exists()));
        let begun = Instant::now();
        end(connection, &session);
        assert!(begun.elapsed() < Duration::from_secs(1) && session.so_far().is_empty());
    });
}

#[test]
fn submit_blocks_or_is_refused_and_cancel_is_not_supported() {
    alone(&[("FAULTS", "submit-blocks=200,submit-refused=1,cancel-unsupported")], || {
        let (connection, session) = begin();
        let begun = Instant::now();
        assert_eq!(session.try_submit(None, &payload::add(1, 1)).unwrap_err().0, abi::FAILED);
        assert!(begun.elapsed() >= Duration::from_millis(200));
        session.submit(&payload::add(1, 1));
        assert_eq!(session.cancel("1").unwrap_err().0, abi::UNSUPPORTED);
        assert!(session.output().answer.is_ok());
        end(connection, &session);
    });
}
