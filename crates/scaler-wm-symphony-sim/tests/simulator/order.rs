//! Limits, priorities, cancelling.

use std::time::{Duration, Instant};

use scaler_wm_symphony_sim::abi;

use crate::{
    alone::{alone, folder, instances, within},
    payload,
    table::{RECOVERABLE, Session, connect},
};

/// A task that runs until the file is there, and says by another that it has begun.
fn gate(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    let path = path.to_str().unwrap();
    payload::execute(&format!(
        "import os, time\nopen('{path}.begun', 'a').write('x')\nwhile not os.path.exists('{path}'): time.sleep(0.005)"
    ))
}

fn has_begun(name: &str) -> bool {
    folder().join(format!("{name}.begun")).exists()
}

fn let_go(name: &str) {
    std::fs::write(folder().join(name), "").unwrap();
}

#[test]
fn no_more_run_at_once_than_there_are_instances_over_all_sessions_of_an_application() {
    alone(&[("INSTANCES", "2")], || {
        let connection = connect("app", "").unwrap();
        let (one, two) = (connection.create(), connection.create());
        one.submit(&gate("a"));
        two.submit(&gate("b"));
        assert!(within(10, || has_begun("a") && has_begun("b")));
        two.submit(&gate("c"));
        // Another application has instances of its own.
        let other = connect("other", "").unwrap();
        let elsewhere = other.create();
        elsewhere.submit(&payload::add(1, 1));
        elsewhere.output();
        assert!(!has_begun("c"));
        let_go("a");
        one.output();
        assert!(within(10, || has_begun("c")));
        let_go("b");
        let_go("c");
        two.output();
        two.output();
        [&one, &two, &elsewhere].into_iter().for_each(Session::destroy);
        other.close();
        connection.close();
    });
}

#[test]
fn the_session_of_the_higher_priority_comes_first() {
    alone(&[("INSTANCES", "1"), ("CALLBACKS", "1")], || {
        let connection = connect("app", "").unwrap();
        let low = connection.create();
        let high = connection.create_as(RECOVERABLE, 10_000, Duration::ZERO).unwrap();
        low.submit(&gate("first"));
        assert!(within(10, || has_begun("first")));
        let order = folder().join("order");
        let note = |word: &str| payload::execute(&format!("open('{}', 'a').write('{word} ')", order.to_str().unwrap()));
        for (session, word) in [(&low, "l1"), (&high, "h1"), (&low, "l2"), (&high, "h2")] {
            session.submit(&note(word));
        }
        let_go("first");
        (0..3).for_each(|_| drop(low.output()));
        (0..2).for_each(|_| drop(high.output()));
        assert_eq!(std::fs::read_to_string(order).unwrap(), "h1 h2 l1 l2 ");
        low.destroy();
        high.destroy();
        connection.close();
    });
}

#[test]
fn a_cancelled_task_does_not_run_or_is_ended_and_gives_no_output() {
    alone(&[("INSTANCES", "1")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let running = session.submit(&gate("running"));
        let queued = session.submit(&gate("queued"));
        assert!(within(10, || has_begun("running")));
        session.cancel(&queued).unwrap();
        let begin = Instant::now();
        session.cancel(&running).unwrap();
        assert!(begin.elapsed() < Duration::from_secs(2));
        assert!(instances(folder().to_str().unwrap()).is_empty());
        // The instance is replaced.
        let task = session.submit(&payload::add(1, 2));
        let output = session.output();
        assert_eq!((output.task, payload::small(&output.answer.unwrap())), (task.clone(), Some(3)));
        assert!(session.is_quiet() && !has_begun("queued"));
        assert_eq!(session.cancel(&task).unwrap_err().0, abi::FAILED);
        for unknown in [running.as_str(), "77", "+3", "x", ""] {
            assert_eq!(session.cancel(unknown).unwrap_err().0, abi::UNKNOWN, "{unknown}");
        }
        session.destroy();
        connection.close();
    });
}
