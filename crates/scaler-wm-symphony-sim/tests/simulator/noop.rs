//! The no-op mode.

use std::fs;

use scaler_wm_symphony_sim::abi;

use crate::{
    alone::{alone, folder},
    table::{Event, connect},
};

#[test]
fn each_task_is_answered_at_once_and_nothing_is_written() {
    alone(&[("NOOP", "1")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        for number in 0..10_000 {
            session.try_submit(Some(&number.to_string()), b"whatever").unwrap();
        }
        let mut tags: Vec<usize> = Vec::new();
        for _ in 0..10_000 {
            let output = session.output();
            assert_eq!(output.answer.unwrap(), b"\x80\x03C\x05\x00pong.");
            tags.push(output.tag.unwrap().parse().unwrap());
        }
        tags.sort_unstable();
        assert!(tags.into_iter().eq(0..10_000));
        assert_eq!(session.cancel("1").unwrap_err().0, abi::UNSUPPORTED);
        session.destroy();
        connection.close();
        assert_eq!(fs::read_dir(folder()).unwrap().count(), 0);
    });
}

#[test]
fn faults_work_without_a_cluster() {
    alone(&[("NOOP", "1"), ("FAULTS", "session-aborted=3,output-early=1,output-twice=3")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        for task in 1..=3 {
            session.submit(b"");
            assert_eq!(session.so_far().len(), if task == 3 { 2 } else { 1 });
        }
        session.submit(b"");
        assert!(matches!(session.so_far()[..], [Event::Lost { status: abi::LOST, .. }]));
        assert_eq!(session.try_submit(None, b"").unwrap_err().0, abi::LOST);
        session.detach();
        connection.close();
    });
}
