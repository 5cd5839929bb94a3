//! Policy strings: what the released package takes, and nothing else.

use fastrand::Rng;
use scaler_wm_core::policy::Policy;
use scaler_wm_tests::{LATEST, Result};
use serde_json::{Value, json};

use crate::ask::{released, same};

const SEED: u64 = 6;
const EACH: usize = 1_000;
/// Of each kind, taken and refused, there must be so many.
const AT_LEAST: usize = 200;

#[test]
fn policy_strings_are_taken_as_the_released_package_takes_them() -> Result<()> {
    let mut rng = Rng::with_seed(SEED);
    for (engine, make) in [("simple", simple as fn(&mut Rng) -> String), ("waterfall_v1", waterfall)] {
        let lines: Vec<Value> = (0..EACH).map(|_| json!({"type": engine, "content": make(&mut rng)})).collect();
        let takes = |line: &Value| json!(Policy::new(engine, line["content"].as_str().unwrap_or_default()).is_ok());
        let ours: Vec<Value> = lines.iter().map(takes).collect();
        same(engine, &lines, &released(LATEST, &["check"], &lines)?, &ours)?;
        let taken = ours.iter().filter(|takes| **takes == json!(true)).count();
        println!("{engine}: {EACH} strings, {taken} taken, differences 0");
        assert!((AT_LEAST..=EACH - AT_LEAST).contains(&taken), "{engine}: {taken} of {EACH} taken");
    }
    Ok(())
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(..words.len())]
}

/// Mostly the right words.
fn simple(rng: &mut Rng) -> String {
    let mut items: Vec<String> = Vec::new();
    for (key, values) in
        [("allocate", ["even_load", "capability", "even"]), ("scaling", ["no", "vanilla", "capability"])]
    {
        for _ in 0..[1, 1, 1, 1, 0, 2][rng.usize(..6)] {
            let key = if rng.u8(..20) == 0 { pick(rng, &["", "Scaling", "allocation"]) } else { key };
            let value = if rng.u8(..20) == 0 { pick(rng, &["", "VANILLA", "no no"]) } else { pick(rng, &values) };
            let gap = pick(rng, &["", " ", "\t", "\n", "\u{1f}"]);
            let equals = pick(rng, &["=", "=", "=", "=", " = ", "=="]);
            items.push(format!("{gap}{key}{equals}{value}{gap}"));
        }
    }
    if rng.u8(..8) == 0 {
        items.push(pick(rng, &["", " ", "junk", "="]).to_owned());
    }
    rng.shuffle(&mut items);
    items.join(";")
}

/// Mostly rules.
fn waterfall(rng: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..rng.usize(..5) {
        let number = |rng: &mut Rng| {
            if rng.u8(..25) == 0 {
                pick(rng, &["", "x", "1.5", "1e3", "_1", "1__0", "- 1", "0x1", "\u{1f}"])
            } else {
                pick(rng, &["1", "2", "-3", "+4", "1_000", "007"])
            }
        };
        let priority = number(rng);
        let manager = pick(rng, &["a", "b", "c", "d", "e", "f", "g", "h", "ä b", ""]);
        let line = match rng.u8(..12) {
            0 => pick(rng, &["", "#", " # 1,a", "1", ",", "1,a,2,3"]).to_owned(),
            1..=6 => format!("{priority},{manager}"),
            7..=8 => format!("{priority},{manager} # , comment"),
            _ => format!(" {priority} , {manager}\u{1f}, {} ", number(rng)),
        };
        text.push_str(&line);
        text.push_str(pick(rng, &["\n", "\n", "\n", "\r\n", "\r", "\u{c}", "\u{2028}"]));
    }
    text
}
