//! Several managers in one file.

use scaler_wm_tests::{LATEST, Result, Script, UpStack};

/// Both managers come to the scheduler under these names, and have a worker when there is work.
fn both_work(ids: [&str; 2]) -> Result<Vec<String>> {
    let stack = UpStack::new(LATEST)?;
    let managers = ids.map(|id| stack.manager_section(id, 1, "heartbeat_interval_seconds = 1\n"));
    let mut up = stack.all_up(&stack.core_and(&managers.concat()), &[])?;
    let names: Vec<String> = up
        .output()
        .lines_with(&["WorkerManager b'", "' connected"])
        .iter()
        .filter_map(|line| Some(line.split_once("b'")?.1.split_once('\'')?.0.to_owned()))
        .collect();
    let client = stack.client(&Script::Held { tasks: 30 })?;
    stack.until("a worker of each manager", 20.0, || (up.scheduler().connected().len() == 2).then_some(()))?;
    client.release(0)?;
    stack.until("all results", 20.0, || (client.done() == 30).then_some(()))?;
    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)?;
    Ok(names)
}

#[test]
fn two_managers_of_one_type_work() -> Result<()> {
    let mut names = both_work(["one", "two"])?;
    names.sort();
    assert_eq!(names, ["one", "two"]);
    Ok(())
}

#[test]
fn managers_without_names_get_different_ones() -> Result<()> {
    let mut names = both_work(["", ""])?;
    names.sort();
    let [first, second] = &*names else { panic!("not two names: {names:?}") };
    assert!(first.starts_with("baremetal_native-"), "{first}");
    assert_eq!(*second, format!("{first}-2"));
    Ok(())
}

/// A fixed manager that has nothing to start has done all it had to: that ends everything, and is no failure.
#[test]
fn a_fixed_manager_of_no_workers_ends_everything() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let toml = stack.core_and(&stack.manager_section("none", 0, "mode = \"fixed\"\n"));
    let mut up = stack.up(&toml, &[])?;
    stack.until_ended(&mut up, 0, 20.0)?;
    stack.check(up.says(&["stopping everything", "baremetal_native none has ended"]), "why", up.errors().tail(10))
}

/// The scheduler of the same file may publish at any place.
#[test]
fn managers_hear_the_scheduler_of_their_file_where_it_publishes() -> Result<()> {
    let stack = UpStack::new(LATEST)?;
    let place = format!("monitor_address = \"tcp://127.0.0.1:{}\"\n", stack.gui_port());
    let scheduler = stack.scheduler_section();
    // A key that is there already would be there twice.
    let scheduler: String =
        scheduler.lines().filter(|line| !line.contains("monitor_address")).collect::<Vec<_>>().join("\n");
    let toml = [stack.storage_section(), scheduler + "\n" + &*place, stack.manager_section("one", 1, "")].concat();
    let mut up = stack.all_up(&toml, &[])?;
    let heard = format!("monitor=tcp://127.0.0.1:{}", stack.gui_port());
    stack.until("the monitor heard there", 10.0, || {
        (!up.output().lines_with(&["connected to the scheduler's monitor", &heard]).is_empty()).then_some(())
    })?;
    up.terminate();
    stack.until_ended(&mut up, 0, 15.0)
}
