//! A few of the kills of `cargo xtask soak ecs`: one at each moment that it aims at.

use scaler_wm_tests::{EcsStack, EcsStackOptions, EmulatorOptions, Fell, KillTally, Result, StackOptions};

#[test]
fn killed_managers_leave_nothing_and_nothing_twice() -> Result<()> {
    let ecs = EcsStack::start(EcsStackOptions {
        stack: StackOptions { is_told: true, ..StackOptions::default() },
        emulator: EmulatorOptions { executes: false, ..EmulatorOptions::default() },
    })?;
    let mut tally = KillTally::default();
    for seed in 0..5 {
        println!("{}", tally.kill(&ecs, seed, None)?);
    }
    println!("{tally}");
    ecs.check(tally.is_good(), "every kill made good", &tally)?;
    // Three are aimed there; that for the moment before the record may come late.
    let in_launches = 5 - tally.fell(Fell::Elsewhere);
    ecs.check(in_launches >= 2, "kills in the middle of launches", in_launches)
}
