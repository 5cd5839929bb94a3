//! Allocation strategies: ORB's three spellings of each, and the one that EC2 Fleet knows.

/// Those that Spot capacity can be chosen by, by the names of EC2 Fleet.
const SPOT: [&str; 5] =
    ["capacity-optimized", "capacity-optimized-prioritized", "diversified", "lowest-price", "price-capacity-optimized"];
/// Those that capacity on demand can be chosen by.
pub(crate) const ON_DEMAND_STRATEGIES: [&str; 2] = ["lowest-price", "prioritized"];

/// The name of EC2 Fleet for `capacityOptimized`, `capacity_optimized` and `capacity-optimized`.
pub(super) fn in_fleet(written: &str) -> Option<&'static str> {
    let mut name = String::with_capacity(written.len() + 2);
    for letter in written.trim().chars() {
        match letter {
            '_' => name.push('-'),
            'A'..='Z' => {
                name.push('-');
                name.push(letter.to_ascii_lowercase());
            }
            other => name.push(other),
        }
    }
    SPOT.iter().chain(&ON_DEMAND_STRATEGIES).copied().find(|known| *known == name)
}

/// Whether capacity on demand can be chosen by it.
pub(crate) fn is_of_on_demand(name: &str) -> bool {
    ON_DEMAND_STRATEGIES.contains(&name)
}

/// Whether Spot capacity can be chosen by it.
pub(crate) fn is_of_spot(name: &str) -> bool {
    SPOT.contains(&name)
}

/// All that ORB knows, for a sentence to the user.
pub(super) fn known() -> String {
    format!("{}, prioritized", SPOT.join(", "))
}
