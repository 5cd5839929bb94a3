//! What keeps a stack from starting is told, and nothing stays behind.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{Failure, LATEST, Result, Up, UpStack, Venv, manager_binary};

/// Ended as a mistake of the user does: exit code 2, every one of `words` said, nothing started.
fn refused(stack: &UpStack, mut up: Up, words: &[&str]) -> Result<()> {
    stack.until_ended(&mut up, 2, 15.0)?;
    stack.check(up.says(words), &format!("a message with {words:?}"), up.errors().tail(10))?;
    stack.check(!up.says(&["starting"]), "nothing started", up.errors().tail(10))
}

#[test]
fn a_taken_port_is_told_with_what_the_part_printed() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let port = stack.ports().scheduler;
    let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| Failure::new("take a port", error))?;
    let mut up = stack.up(&stack.core_and(&stack.manager_section("dyn", 1, "")), &[])?;
    stack.until_ended(&mut up, 1, 30.0)?;
    stack.check(up.says(&["error: scheduler failed"]), "the part named", up.errors().tail(10))?;
    let last = up.output().lines_with(&["scheduler  "]).pop();
    let last = last.as_deref().and_then(|line| line.split_once(" | ")).map_or("", |(_, line)| line);
    let is_shown = !last.is_empty() && up.says(&[last]);
    stack.check(is_shown, "the last line that the scheduler printed", last)
}

#[test]
fn an_interpreter_without_the_package_is_told_before_anything_starts() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let python = Venv::bare(&stack.folder().join("bare"))?;
    let toml = stack.core_and(&stack.manager_section("dyn", 1, ""));
    refused(&stack, with_python(&stack, &python, &toml)?, &["pip install", "opengris-scaler"])
}

fn with_python(stack: &UpStack, python: &Path, toml: &str) -> Result<Up> {
    let mut command = Command::new(manager_binary()?);
    command.arg("up").arg(stack.write("stack.toml", toml)?).arg("--python").arg(python);
    stack.start(&mut command)
}

/// A file with managers only needs the interpreter for workers: each manager looks for itself.
#[test]
fn a_manager_without_the_package_ends_everything() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let python = Venv::bare(&stack.folder().join("bare"))?;
    let mut up = with_python(&stack, &python, &stack.manager_section("alone", 1, ""))?;
    let status = stack.until("its end", 15.0, || up.exited())?;
    stack.check(status.code() == Some(2), "exit code 2, as nothing was started", status)?;
    stack.until_nothing_left(1.0)?;
    let is_said = up.says(&["error:", "alone", "pip install", "opengris-scaler"]);
    stack.check(is_said, "the manager and what to run named", up.errors().tail(10))
}

#[test]
fn two_managers_of_one_name_are_refused() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&[stack.manager_section("one", 1, ""), stack.manager_section("one", 1, "")].concat());
    let second = toml.lines().enumerate().filter(|(_, line)| line.starts_with("worker_manager_id")).nth(1);
    let line = second.map_or(0, |(index, _)| index + 1);
    let place = format!("stack.toml:{line}");
    refused(&stack, stack.up(&toml, &[])?, &[&place, "worker_manager_id", "one"])
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_one() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&stack.manager_section("dyn", 1, "max_task_concurency = 2\n"));
    refused(&stack, stack.up(&toml, &[])?, &["max_task_concurency", "max_task_concurrency"])
}
