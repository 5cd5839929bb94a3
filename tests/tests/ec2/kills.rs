//! A few of the kills of `cargo xtask soak ec2`: one at each moment that it aims at.

use scaler_wm_tests::{Ec2Options, Ec2Stack, Ec2StackOptions, Fell, KillTally, Result};

use crate::setup::told;

#[test]
fn killed_managers_leave_nothing_and_nothing_twice() -> Result<()> {
    let emulator = Ec2Options { executes: false, ..Ec2Options::default() };
    let ec2 = Ec2Stack::start(Ec2StackOptions { emulator, ..told() })?;
    let mut tally = KillTally::default();
    for seed in 0..5 {
        println!("{}", tally.kill(&ec2, seed, None)?);
    }
    println!("{tally}");
    // Key pairs and groups of killed managers count, too.
    ec2.check(tally.is_good(), "every kill made good", &tally)?;
    // Three are aimed there; that for the moment before the record may come late.
    let in_launches = 5 - tally.fell(Fell::Elsewhere);
    ec2.check(in_launches >= 2, "kills in the middle of launches", in_launches)
}
