//! The ways in which a section can be written in a file.

use fastrand::Rng;

use super::choice::Chosen;

/// `key = value` for everything that is chosen, in any order.
pub(crate) fn lines(chosen: &Chosen, rng: &mut Rng, features: &mut Vec<&'static str>) -> Vec<String> {
    let mut lines: Vec<String> = chosen
        .iter()
        .map(|(key, given)| format!("{} = {}", written(key, rng, features), given.toml(rng, features)))
        .collect();
    rng.shuffle(&mut lines);
    lines
}

fn written(key: &str, rng: &mut Rng, features: &mut Vec<&'static str>) -> String {
    let mut key = key.to_owned();
    if key.contains('_') && rng.u8(..3) == 0 {
        features.push("key with hyphens");
        key = if rng.bool() { key.replace('_', "-") } else { key.replacen('_', "-", 1) };
    }
    if rng.u8(..8) == 0 {
        features.push("key in quotes");
        key = format!("\"{key}\"");
    }
    key
}

/// Sections that a manager does not read.
pub(crate) fn around(rng: &mut Rng) -> String {
    let sections = [
        "# a comment\n",
        "[scheduler]\nbind_address = \"tcp://h:1\"\n\n",
        "[object_storage_server]\nbind_address = 1979-05-27 # nobody reads it\n",
        "[tool.other]\nio_threads = 0\n",
        "[[list]]\na = 1\n\n[[list]]\na = [2, { b = 3 }]\n",
    ];
    let mut sections: Vec<&str> = sections.into_iter().filter(|_| rng.bool()).collect();
    rng.shuffle(&mut sections);
    sections.concat()
}
