//! The cluster outlives its clients.

use std::{collections::BTreeMap, fs, thread, time::Duration};

use scaler_wm_symphony_sim::abi;

use crate::{
    alone::{alone, another, folder, instances, kill, role, stay, within},
    payload,
    table::{Connection, Session, connect},
};

/// Sleeps, and notes that it ran.
fn noted(name: &str, seconds: f64) -> Vec<u8> {
    let path = folder().join("notes");
    let path = path.to_str().unwrap();
    payload::execute(&format!("import time\nopen('{path}', 'a').write('{name} ')\ntime.sleep({seconds})"))
}

fn notes() -> String {
    fs::read_to_string(folder().join("notes")).unwrap_or_default()
}

fn finish(connection: Connection, session: &Session) {
    session.destroy();
    assert_eq!(fs::read_dir(folder().join("sessions")).unwrap().count(), 0);
    connection.close();
}

#[test]
fn after_kill_9_the_outputs_come_again_what_runs_goes_on_and_what_waits_runs() {
    alone(&[("INSTANCES", "1")], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            let session = connection.create();
            session.try_submit(Some("ended"), &payload::add(1, 2)).unwrap();
            session.output();
            session.try_submit(Some("running"), &noted("running", 1.0)).unwrap();
            session.try_submit(Some("queued"), &noted("queued", 0.0)).unwrap();
            assert!(within(10, || notes().contains("running")));
            println!("session={}", session.id());
            stay();
        }
        let (child, id) = another("first", "session=");
        kill(child);
        assert_eq!(instances(folder().to_str().unwrap()).len(), 1, "the running task has not outlived its client");
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        let outputs: BTreeMap<_, _> = (0..3).map(|_| session.output()).map(|it| (it.tag.unwrap(), it.answer)).collect();
        assert_eq!(payload::small(outputs["ended"].as_ref().unwrap()), Some(3));
        assert!(outputs["running"].is_ok() && outputs["queued"].is_ok());
        assert_eq!(notes(), "running queued ");
        assert!(session.is_quiet());
        assert_eq!(session.submit(&payload::add(1, 1)), "4");
        finish(connection, &session);
    });
}

#[test]
fn a_task_that_ended_while_nobody_was_there_is_told_and_its_instance_has_gone() {
    alone(&[("INSTANCES", "1")], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            let session = connection.create();
            session.submit(&noted("one", 0.3));
            session.submit(&noted("two", 0.3));
            assert!(within(10, || notes().contains("one")));
            println!("session={}", session.id());
            stay();
        }
        let (child, id) = another("first", "session=");
        kill(child);
        assert!(within(5, || instances(folder().to_str().unwrap()).is_empty()));
        assert_eq!(notes(), "one ", "without a client no task begins");
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        assert_eq!(session.output().task, "1");
        assert_eq!(session.output().task, "2");
        finish(connection, &session);
    });
}

#[test]
fn a_task_left_running_can_be_cancelled_by_the_next_process() {
    alone(&[("INSTANCES", "1")], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            let session = connection.create();
            session.submit(&noted("long", 60.0));
            session.submit(&noted("next", 0.0));
            assert!(within(10, || notes().contains("long")));
            println!("session={}", session.id());
            stay();
        }
        let (child, id) = another("first", "session=");
        kill(child);
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        thread::sleep(Duration::from_millis(100));
        assert_eq!(notes(), "long ", "what runs on counts for the limit");
        session.cancel("1").unwrap();
        assert_eq!(session.output().task, "2");
        finish(connection, &session);
    });
}

#[test]
fn an_instance_left_running_that_is_killed_has_its_task_tried_again() {
    alone(&[("INSTANCES", "1")], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            let session = connection.create();
            session.submit(&noted("again", 0.5));
            assert!(within(10, || notes().contains("again")));
            println!("session={}", session.id());
            stay();
        }
        let (child, id) = another("first", "session=");
        kill(child);
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        let path = folder();
        let left = instances(path.to_str().unwrap());
        let pid = rustix::process::Pid::from_raw(left[0]).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        assert!(session.output().answer.is_ok());
        assert_eq!(notes(), "again again ");
        finish(connection, &session);
    });
}

#[test]
fn sessions_of_a_type_that_is_not_recoverable_end_with_their_client() {
    alone(&[], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            let session = connection.create_as("ShortRunningTasks", 0, Duration::ZERO).unwrap();
            session.submit(&noted("long", 60.0));
            assert!(within(10, || notes().contains("long")));
            println!("session={}", session.id());
            stay();
        }
        let (child, id) = another("first", "session=");
        kill(child);
        let connection = connect("app", "").unwrap();
        assert_eq!(connection.open(&id).err().unwrap().0, abi::UNKNOWN);
        assert!(within(2, || instances(folder().to_str().unwrap()).is_empty()));
        assert_eq!(connection.create_as("NoSuchType", 0, Duration::ZERO).err().unwrap().0, abi::INVALID);
        let session = connection.create_as("ShortRunningTasks", 0, Duration::ZERO).unwrap();
        let id = session.id();
        session.detach();
        assert_eq!(connection.open(&id).err().unwrap().0, abi::UNKNOWN);
        connection.close();
    });
}

#[test]
fn a_detached_session_goes_on_and_is_found_again_by_its_application_alone() {
    alone(&[("INSTANCES", "1")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let id = session.id();
        session.submit(&noted("one", 0.1));
        session.submit(&noted("two", 0.1));
        session.detach();
        assert!(within(10, || notes() == "one two "));
        assert!(session.so_far().is_empty());
        let other = connect("other", "").unwrap();
        assert_eq!(other.open(&id).err().unwrap().0, abi::UNKNOWN);
        let session = connection.open(&id).unwrap();
        assert_eq!([(); 2].map(|()| session.output().task), ["1", "2"]);
        assert_eq!(connection.open(&id).err().unwrap().0, abi::INVALID);
        other.close();
        session.detach();
        connection.close();
        // In the same process, as in another: the last client had gone.
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        assert_eq!([(); 2].map(|()| session.output().task), ["1", "2"]);
        finish(connection, &session);
    });
}

#[test]
fn one_process_uses_a_folder_at_a_time() {
    alone(&[("WAIT", "300")], || {
        if role().is_some() {
            let connection = connect("app", "").unwrap();
            println!("connected=yes");
            thread::sleep(Duration::from_millis(700));
            connection.close();
            println!("closed");
            return;
        }
        let (mut child, _) = another("first", "connected=");
        let problem = connect("app", "").err().unwrap();
        assert!(problem.0 == abi::UNREACHABLE && problem.1.contains("another process uses the folder"), "{problem:?}");
        assert!(within(5, || connect("app", "").map(Connection::close).is_ok()));
        child.wait().unwrap();
    });
}

#[test]
fn whoever_is_killed_when_every_task_is_answered_right_in_the_end() {
    alone(&[("INSTANCES", "2")], || {
        const EACH: i64 = 40;
        if let Some(role) = role() {
            let connection = connect("app", "").unwrap();
            let (id, first) = role.split_once(' ').unwrap();
            let session = if id == "new" { connection.create() } else { connection.open(id).unwrap() };
            println!("session={}", session.id());
            let first: i64 = first.parse().unwrap();
            for number in first..first + EACH {
                session.try_submit(Some(&number.to_string()), &payload::add(number, 0)).unwrap();
            }
            stay();
        }
        let mut id = "new".to_owned();
        for round in 0..6 {
            let (child, session) = another(&format!("{id} {}", round * EACH), "session=");
            id = session;
            thread::sleep(Duration::from_millis(40 * u64::try_from(round).unwrap()));
            if let Some(pid) =
                instances(folder().to_str().unwrap()).into_iter().find_map(rustix::process::Pid::from_raw)
            {
                // It may have ended by itself meanwhile.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
            kill(child);
        }
        let submitted = || {
            let names = fs::read_dir(folder().join("sessions").join(&id)).unwrap();
            names.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|it| it == "task")).count()
        };
        let connection = connect("app", "").unwrap();
        let session = connection.open(&id).unwrap();
        let mut tasks = BTreeMap::new();
        for _ in 0..submitted() {
            let output = session.output();
            assert_eq!(payload::small(&output.answer.unwrap()).map(|it| it.to_string()), output.tag);
            assert!(tasks.insert(output.task, ()).is_none());
        }
        assert!(tasks.len() > 40 && session.is_quiet(), "{} tasks", tasks.len());
        finish(connection, &session);
    });
}
