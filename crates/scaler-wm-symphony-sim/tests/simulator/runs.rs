//! Tasks run for real, and end in every way.

use std::{collections::BTreeSet, fs, sync::atomic::Ordering::SeqCst, thread, time::Duration};

use scaler_wm_symphony_sim::abi;

use crate::{
    alone::{alone, folder, instances, within},
    payload,
    table::{RECOVERABLE, connect},
};

#[test]
fn tasks_are_answered_with_what_their_call_returns() {
    alone(&[], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let task = session.try_submit(Some("mine"), &payload::add(2, 3)).unwrap();
        let output = session.output();
        assert_eq!((output.task, output.tag.as_deref()), (task, Some("mine")));
        assert_eq!(payload::small(&output.answer.unwrap()), Some(5));
        session.submit(&payload::divide(1, 0));
        let output = session.output();
        assert_eq!((output.task.as_str(), output.tag), ("2", None));
        assert!(output.answer.unwrap_err().starts_with("ZeroDivisionError: "));
        session.destroy();
        connection.close();
    });
}

#[test]
fn whatever_a_task_does_to_its_process_the_others_are_answered() {
    alone(&[("INSTANCES", "1")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let answer = |payload: Vec<u8>| {
            session.submit(&payload);
            session.output().answer
        };
        assert!(answer(payload::execute("print('x' * 100000); input()")).unwrap_err().starts_with("EOFError"));
        assert!(answer(payload::execute("raise SystemExit(7)")).unwrap_err().starts_with("SystemExit: 7"));
        // Only cloudpickle pickles this one.
        let lambda = answer(payload::evaluate("lambda: 1"));
        assert!(lambda.as_ref().map_or_else(|text| text.contains("ickl"), |data| !data.is_empty()), "{lambda:?}");
        assert!(answer(b"no pickle".to_vec()).unwrap_err().contains("Error"));
        assert!(answer(Vec::new()).unwrap_err().starts_with("EOFError"));
        let dies = answer(payload::execute("import os; os._exit(1)")).unwrap_err();
        assert_eq!(dies, "the service instance ended 4 times while it had the task");
        // What it has started holds on to everything that it has.
        let forks = "import os, time\nif os.fork() == 0: time.sleep(60)\nos.kill(os.getpid(), 9)";
        assert!(answer(payload::execute(forks)).unwrap_err().contains("ended 4 times"));
        assert_eq!(payload::small(&answer(payload::add(1, 1)).unwrap()), Some(2));
        session.destroy();
        connection.close();
    });
}

#[test]
fn hundreds_of_tasks_from_several_threads_are_each_answered_once() {
    alone(&[("INSTANCES", "3")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create_as(RECOVERABLE, 0, Duration::from_millis(1)).unwrap();
        thread::scope(|scope| {
            for thread in 0..4 {
                let session = &session;
                scope.spawn(move || {
                    for number in 0..100 {
                        let tag = format!("{}", (thread * 100 + number) % 199);
                        let sum = payload::add(thread * 100 + number, -199 * ((thread * 100 + number) / 199));
                        session.try_submit(Some(&tag), &sum).unwrap();
                    }
                });
            }
        });
        let mut tasks = BTreeSet::new();
        for _ in 0..400 {
            let output = session.output();
            assert_eq!(payload::small(&output.answer.unwrap()).map(|it| it.to_string()), output.tag);
            assert!(tasks.insert(output.task));
        }
        assert!(session.is_quiet());
        assert!(session.heard.most.load(SeqCst) > 1, "callbacks come one at a time");
        session.destroy();
        connection.close();
    });
}

#[test]
fn an_instance_takes_one_task_after_the_other() {
    alone(&[("INSTANCES", "1")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let ask = || {
            session.submit(&payload::evaluate("str(__import__('os').getpid())"));
            payload::text(&session.output().answer.unwrap())
        };
        assert_eq!(ask(), ask());
        session.destroy();
        connection.close();
    });
}

#[test]
fn destroy_ends_what_runs_and_leaves_nothing() {
    alone(&[("INSTANCES", "2")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        let path = folder();
        let begun = path.join("begun");
        let code = format!("import time; open('{}', 'a').write('x'); time.sleep(60)", begun.to_str().unwrap());
        (0..5).for_each(|_| drop(session.submit(&payload::execute(&code))));
        assert!(within(10, || fs::read(&begun).is_ok_and(|all| all.len() == 2)));
        assert_eq!(instances(path.to_str().unwrap()).len(), 2);
        session.destroy();
        assert!(session.so_far().is_empty());
        assert_eq!(fs::read_dir(path.join("sessions")).unwrap().count(), 0);
        assert!(instances(path.to_str().unwrap()).is_empty());
        let problem = connection.open("1").err().unwrap();
        assert_eq!(problem, (abi::UNKNOWN, "app has no session 1".into()));
        connection.close();
    });
}

#[test]
fn a_python_that_is_not_there_is_told_as_the_failure_of_the_task() {
    alone(&[("PYTHON", "/no/such/python")], || {
        let connection = connect("app", "").unwrap();
        let session = connection.create();
        session.submit(&payload::add(1, 1));
        let text = session.output().answer.unwrap_err();
        assert!(text.contains("/no/such/python") && text.contains("No such file"), "{text}");
        session.destroy();
        connection.close();
    });
}
