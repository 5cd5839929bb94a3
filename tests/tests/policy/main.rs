//! Policies: the released package's answers and ours, on the same random input.

mod allocation;
mod ask;
mod branches;
mod contents;
mod scaling;
mod sequence;
mod snapshot;

use scaler_wm_tests::{LATEST, OLDEST, Result};

/// Both sides are asked the same; what they answer is to be the same, whatever branch it takes.
#[test]
fn policies_answer_as_those_of_the_released_package() -> Result<()> {
    for release in [LATEST, OLDEST] {
        let mut branches = branches::Branches::default();
        let snapshots = scaling::compare(release, &mut branches)?;
        let sequences = allocation::compare(release, &mut branches)?;
        println!("{branches}");
        let hit = branches.enough()?;
        // Whatever differs has ended the test by now.
        println!("{release}: snapshots {snapshots}, sequences {sequences}, branches hit {hit}, differences 0");
    }
    Ok(())
}
