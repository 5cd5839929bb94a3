//! `scaler-wm policy`: lines of JSON in and out.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, ExitStatus, Output, Stdio},
};

const VANILLA: &[&str] = &["--policy-content", "allocate=even_load; scaling=vanilla"];

fn start(command: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_scaler-wm"))
        .args(["policy", command])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn run(command: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = start(command, arguments);
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap()
}

#[test]
fn a_policy_is_valid_or_the_error_is_told() {
    let valid = run("check", VANILLA, b"");
    assert_eq!(text(&valid.stdout), "valid: policy engine simple, scaling vanilla, allocation even_load\n");
    assert_eq!((code(valid.status), text(&valid.stderr)), (0, String::new()));

    let waterfall = ["-et", "waterfall_v1", "-pc", "1,local\n2,cloud,-1"];
    let noted = run("check", &waterfall, b"");
    let told = text(&noted.stdout);
    assert!(noted.status.success() && noted.stderr.is_empty(), "{noted:?}");
    assert!(told.starts_with("note: line 2: ") && told.contains("\nvalid: policy engine waterfall_v1"), "{told}");
    // Where answers are lines of JSON, a note is none.
    let answered = run("eval", &waterfall, b"{}\n");
    assert!(answered.stdout.starts_with(b"{") && text(&answered.stderr).starts_with("note: line 2: "), "{answered:?}");

    let wrong = run("check", &["-pc", "allocate=even_load; scaling=vanila"], b"");
    assert_eq!((code(wrong.status), text(&wrong.stdout)), (2, String::new()));
    assert!(text(&wrong.stderr).contains("--policy-content: scaling=`vanila`"), "{wrong:?}");
}

#[test]
fn every_snapshot_is_answered_on_its_line() {
    let snapshots = concat!(
        r#"{"tasks":[{"capabilities":{"gpu":-1},"count":3}],"workers":[{"id":"w1","manager":"m1"}],"#,
        r#""managers":[{"id":"m1","max_task_concurrency":8,"capabilities":{}}]}"#,
        "\n",
        r#"{"tasks":[{"count":4000}],"managers":[{"id":"m1","max_task_concurrency":0},{"id":"m2"}]}"#,
        "\n",
    );
    let output = run("eval", VANILLA, snapshots.as_bytes());
    assert_eq!((code(output.status), text(&output.stderr)), (0, String::new()));
    let wanted = concat!(
        r#"{"decisions":[{"manager":"m1","requests":[{"task_concurrency":1,"capabilities":{}}],"because":{"#,
        r#""summary":"3 tasks for 1 worker are neither too many nor too few, so it stays at 1","policy":"vanilla","#,
        r#""tasks":3,"workers":1,"connected":1,"verdict":{"asks":[{"capabilities":{},"demand":3,"#,
        r#""reason":{"kind":"steady","ratio":3.0},"wanted":1,"cap":{"value":8,"source":"manager"}}]}}}]}"#,
    );
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!((lines.len(), lines[0]), (2, wanted));
    assert!(lines[1].contains("4000 tasks and no worker, so one more: 1, capped at 0 by the limit of the manager"));

    let never = run("eval", &["-pc", "allocate=even_load; scaling=no"], snapshots.as_bytes());
    assert!(text(&never.stdout).contains(r#"{"manager":"m1","requests":null,"because":{"summary":"policy no never"#));
}

#[test]
fn a_bad_line_is_named_and_the_others_are_answered() {
    let lines = concat!(
        "{\"managers\":[{\"id\":\"m1\"}]}\n",
        "{\"managers\":[{\"id\":\"m1\"},{\"id\":\"m1\"}]}\n",
        "\n",
        "{\"manager\":[]}\n",
        "{\"managers\":[{\"id\":\"m1\",\"max_task_concurrency\":-2}]}\n",
        "{\"managers\":[{\"id\":\"m1\"}],\"tasks\":[{\"count\":-1}]}\n",
        "{\"managers\":[],\"workers\":[{\"id\":\"w\"},{\"id\":\"w\"}]}\n",
        "{\"managers\":[{\"id\":\"m2\"}]}",
    );
    let mut lines = lines.as_bytes().to_vec();
    lines.extend(b"\n\xff\n[");
    let output = run("eval", VANILLA, &lines);
    let said = text(&output.stdout);
    let said: Vec<&str> = said.lines().collect();
    assert!(said[0].starts_with(r#"{"decisions":[{"manager":"m1""#), "{said:?}");
    assert!(said[6].starts_with(r#"{"decisions":[{"manager":"m2""#), "{said:?}");
    assert_eq!(said.iter().filter(|line| line.starts_with(r#"{"error":""#)).count(), 7, "{said:?}");
    let told = text(&output.stderr);
    for wanted in [
        "error: line 2: manager m1 is there twice",
        "error: line 4: unknown field `manager`, expected one of `tasks`, `workers`, `managers` (column 10)",
        "error: line 5: max_task_concurrency of manager m1 is -2: give -1, or 0 to 4294967295",
        "error: line 6: invalid value: integer `-1`, expected u32 (column 46)",
        "error: line 7: worker w is there twice",
        "error: line 9: expected value (column 1)",
        "error: line 10: EOF while parsing a list (column 1)",
        "error: 7 of 9 lines could not be answered",
    ] {
        assert!(told.lines().any(|line| line == wanted), "no `{wanted}` in\n{told}");
    }
    assert_eq!(code(output.status), 1);
}

#[test]
fn an_operation_is_answered_before_the_next_one_comes() {
    let mut child = start("replay", &["-pc", "allocate=capability; scaling=no"]);
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for (operation, wanted) in [
        (r#"{"op":"add_worker","worker":"w1","capabilities":{"gpu":-1},"queue_size":10}"#, "true"),
        (r#"{"op":"add_worker","worker":"w1","capabilities":{},"queue_size":1}"#, "false"),
        (r#"{"op":"assign","task":"t1","capabilities":{}}"#, r#""w1""#),
        (r#"{"op":"assign","task":"t1","capabilities":{}}"#, r#""w1""#),
        (r#"{"op":"assign","task":"t2","capabilities":{"gpu":2}}"#, r#""w1""#),
        (r#"{"op":"assign","task":"t3","capabilities":{"linux":-1}}"#, "null"),
        (r#"{"op":"assign","task":"t4"}"#, r#""w1""#),
        (r#"{"op":"loads"}"#, r#"{"w1":3}"#),
        (r#"{"op":"balance"}"#, "{}"),
        (r#"{"op":"add_worker","worker":"w0","queue_size":10}"#, "true"),
        (r#"{"op":"balance"}"#, r#"{"w1":["t4"]}"#),
        (r#"{"op":"remove_task","task":"t2"}"#, r#""w1""#),
        (r#"{"op":"remove_task","task":"t2"}"#, "null"),
        (r#"{"op":"loads"}"#, r#"{"w1":2,"w0":0}"#),
        (r#"{"op":"remove_worker","worker":"w1"}"#, r#"["t1","t4"]"#),
        (r#"{"op":"remove_worker","worker":"w1"}"#, "[]"),
    ] {
        writeln!(input, "{operation}").unwrap();
        assert_eq!(answers.next().unwrap().unwrap(), wanted, "{operation}");
    }
    writeln!(input, r#"{{"op":"loads","worker":"w1"}}"#).unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), r#"{"error":"unknown field `worker`, there are no fields"}"#);
    drop(input);
    assert_eq!(code(child.wait().unwrap()), 1);
}

#[test]
fn nobody_listening_is_no_failure() {
    let mut child = start("eval", VANILLA);
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // It may be gone before all is written.
    let _ = input.write_all("{\"managers\":[{\"id\":\"m1\"}]}\n".repeat(10_000).as_bytes());
    drop(input);
    assert_eq!(code(child.wait().unwrap()), 0);
}
