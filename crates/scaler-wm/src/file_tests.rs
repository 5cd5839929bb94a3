//! Tests of reading files.

use scaler_wm_options::{AWS_RAW_ECS, BAREMETAL_NATIVE};

use super::*;

fn file(text: &str) -> File {
    File { name: "config.toml".to_owned(), text: text.to_owned() }
}

#[test]
fn reads_the_one_entry_of_a_type_with_its_lines() {
    for text in [
        "[[worker_manager]]\ntype = \"symphony\"\n[[worker_manager]]\ntype = \"baremetal_native\"\nio-threads = 2\n",
        "[scheduler]\n\n\n[worker_manager]\nio_threads = 0x2\ntype = \"baremetal_native\"\n",
        "[worker_manager]\ntype = \"baremetal_native\"\n\n[worker_manager.worker_config]\nio_threads = 2\n",
    ] {
        let entry = file(text).one(&BAREMETAL_NATIVE).unwrap();
        assert_eq!(entry.found.len(), 1);
        assert_eq!((entry.found[0].key, &entry.found[0].raw), ("io_threads", &Raw::Integer(2)));
        let Origin::File { line: 5, .. } = entry.found[0].origin else { panic!("{:?}", entry.found) };
    }
}

#[test]
fn weights_of_a_table_are_numbers_or_texts() {
    let raw = |weights: &str| {
        let text = format!("[worker_manager]\ntype = \"aws_raw_ecs\"\necs_capacity_providers = {{ {weights} }}\n");
        file(&text).one(&AWS_RAW_ECS).unwrap().found.remove(0).raw
    };
    let texts = raw("FARGATE_SPOT = \"3\", FARGATE = \"1:2\"");
    assert_eq!(raw("FARGATE_SPOT = 3, FARGATE = \"1:2\""), texts);
    assert_eq!(raw("FARGATE_SPOT = 0x3, FARGATE = \"1:2\""), texts);
    for other in ["1.5", "true", "[3]", "99999999999999999999"] {
        assert!(matches!(raw(&format!("FARGATE = {other}")), Raw::Other(_)), "{other}");
    }
}

#[test]
fn nothing_of_what_is_in_a_file_is_shown() {
    let file = file("[worker_manager]\ntype = \"baremetal_native\"\npreload = \"hush\"\n");
    let shown = format!("{file:?} {:?}", file.one(&BAREMETAL_NATIVE).unwrap());
    assert!(shown.contains("config.toml") && shown.contains("preload") && !shown.contains("hush"), "{shown}");
}

#[test]
fn parts_come_in_the_order_in_which_they_start() {
    let text = "[gui]\n[worker_manager]\ntype = \"oci_raw\"\n[scheduler]\n[top]\n[object_storage_server]\n";
    let all = file(text).everything().unwrap();
    let names: Vec<&str> = all.entries.iter().map(|entry| entry.section.name).collect();
    assert_eq!(names, ["object_storage_server", "scheduler", "oci_raw", "gui"]);
    assert!(all.unknown.is_empty());
}

#[test]
fn unknown_sections_and_types_are_told() {
    let all = file("[gui]\n[schedular]\n[x]\n").everything().unwrap();
    let told: Vec<String> = all.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], "config.toml:2: schedular: no such section; did you mean `scheduler`?");
    assert!(told[1].starts_with("config.toml:3: x: no such section; there is object_storage_server"), "{told:?}");
    let error = file("[[worker_manager]]\n\ntype = \"aws_hcp\"\n").everything().unwrap_err().to_string();
    assert_eq!(error, "config.toml:3: type: `aws_hcp` is no type of worker manager; did you mean `aws_hpc`?");
    let error = file("\n").everything().unwrap_err().to_string();
    assert!(error.starts_with("config.toml: there is nothing in it to start"), "{error}");
}

#[test]
fn a_key_that_is_there_twice_is_told_and_the_last_one_counts() {
    let text = "[worker_manager]\ntype = \"baremetal_native\"\nio_threads = 1\nio-threads = 2\n";
    let entry = file(text).one(&BAREMETAL_NATIVE).unwrap();
    let told = entry.unknown[0].to_string();
    assert_eq!(told, "config.toml:4: io-threads: line 3 has this key already; leave one");
    assert_eq!(entry.found.last().map(|found| &found.raw), Some(&Raw::Integer(2)));
}

#[test]
fn names_the_nearest_key() {
    let text = "[worker_manager]\ntype = \"baremetal_native\"\nmax_task_concurency = 2\n";
    let entry = file(text).one(&BAREMETAL_NATIVE).unwrap();
    let error = entry.unknown[0].to_string();
    assert_eq!(error, "config.toml:3: max_task_concurency: no such key; did you mean `max_task_concurrency`?");
}
