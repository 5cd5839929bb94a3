//! Managers of one file that follow one policy.

use scaler_wm_tests::{LATEST, OLDEST, Result, Script, UpStack};

/// The first manager's workers die as they start, since they lack what they are told to use: the second one gets what the first does not deliver.
fn the_second_takes_over(release: &'static str) -> Result<()> {
    let stack = UpStack::new(release)?;
    let policy = "[policy]\npolicy_source = \"local\"\npolicy_engine_type = \"waterfall_v2\"\npolicy_content = \"\"\"\n\
                  1,first\n2,second\n\"\"\"\n";
    let broken = stack.manager_section("first", 4, "event_loop = \"uvloop\"\n");
    let sound = stack.manager_section("second", 4, "");
    let scheduler = stack.scheduler_section().replace("scaling=vanilla", "scaling=no");
    let toml = [policy, &stack.storage_section(), &scheduler, &broken, &sound].concat();
    let up = stack.all_up(&toml, &[])?;
    // Three workers' worth of tasks: the first manager could take it all.
    let mut client = stack.client(&Script::Workload { tasks: 30, seconds: 0.2 })?;
    let finished = client.finish(60.0).map_err(|failure| stack.explain(failure))?;
    stack.check(finished.right && finished.done == 30, "30 right results", format!("{finished:?}"))?;
    let said = |words: &[&str]| !up.output().lines_with(words).is_empty();
    stack.check(said(&["manager=first", "policy wants something else"]), "the first was asked", "it was not")?;
    let overflowed = said(&["manager=second", "policy wants something else", "first (up to 0) leaves"]);
    stack.check(overflowed, "the second be asked for what the first did not bring", "it was not")?;
    up.terminate();
    stack.until_nothing_left(30.0)
}

#[test]
fn a_manager_that_fails_overflows_to_the_next() -> Result<()> {
    the_second_takes_over(LATEST)
}

#[test]
fn a_manager_that_fails_overflows_to_the_next_of_the_oldest_release() -> Result<()> {
    the_second_takes_over(OLDEST)
}
