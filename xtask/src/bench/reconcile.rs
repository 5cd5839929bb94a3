//! The manager's whole loop over units in memory, and how a manager knows its units again by its journal alone.

use scaler_wm_tests::{Failure, Result};

use super::{sheet::Sheet, small::example};

/// Numbers of units.
const SIZES: [u32; 4] = [10, 1_000, 100_000, 300_000];

/// Milliseconds, with so many units.
#[derive(Clone, Copy, Debug)]
struct Loop {
    /// A look after which there is nothing to do.
    look: f64,
    /// A wish for one unit more or less, until it is so.
    change: f64,
}

pub(super) fn measure() -> Result<Sheet> {
    eprintln!("the loop with up to 300,000 units");
    let text = example("scaler-wm-core", "reconcile_bench")?;
    let of = |units: u32| {
        let milliseconds = |name| Ok::<_, Failure>(figure(&text, &format!("reconcile_units {units} "), name)? / 1e3);
        Ok(Loop { look: milliseconds("look_us")?, change: milliseconds("change_us")? })
    };
    let [few, many, most, beyond] = [of(SIZES[0])?, of(SIZES[1])?, of(SIZES[2])?, of(SIZES[3])?];
    let text = example("scaler-wm-core", "adopt_bench")?;
    let tenfold = figure(&text, "adopt_units 1000 launches 100 ", "ms")?;
    let single = figure(&text, "adopt_units 1000 launches 1000 ", "ms")?;

    let mut sheet = Sheet::default();
    for (units, change, target) in [
        ("10", few.change, ("under 1 ms", few.change < 1.0)),
        ("1,000", many.change, ("under 10 ms", many.change < 10.0)),
        ("100,000", most.change, ("under 2 s", most.change < 2000.0)),
    ] {
        let what = format!("reconcile {units} units: a wish for one more or less, until it is so (plan, act, observe)");
        sheet.alone(what, change, "ms", target);
    }
    for (units, look) in [("10", few.look), ("1,000", many.look), ("100,000", most.look)] {
        sheet.alone(
            format!("reconcile {units} units: a look after which there is nothing to do"),
            look,
            "ms",
            ("", true),
        );
    }
    let grows = power((SIZES[1], many.change), (SIZES[2], most.change));
    let what = "how a wish's way grows from 1,000 to 100,000 units: with their number to the power of";
    sheet.alone(what, grows, "", ("at most 1.7: nothing is quadratic", grows <= 1.7));
    let target = |milliseconds: f64| ("under 1 s", milliseconds < 1000.0);
    let what = "manager killed, until the next one knows its 1,000 units by its journal: 100 launches on record";
    sheet.alone(what, tenfold, "ms", target(tenfold));
    sheet.alone(
        "manager killed, until the next one knows its 1,000 units by its journal: 1,000 launches on record",
        single,
        "ms",
        target(single),
    );
    let of = |figure: fn(&Loop) -> f64| {
        let figures: Vec<(u32, f64)> = SIZES.into_iter().zip([few, many, most, beyond].iter().map(figure)).collect();
        let powers: Vec<f64> = figures.windows(2).map(|pair| power(pair[0], pair[1])).collect();
        format!("n^{:.2}, n^{:.2} and n^{:.2}", powers[0], powers[1], powers[2])
    };
    sheet.note(format!(
        "How the manager's loop grows, from 10 to 1,000 units, from there to 100,000, and from there to 300,000: a wish's \
         way with {}; a look after which there is nothing to do with {}. What is beyond n in the middle are the \
         processor's caches, which hold 1,000 units and do not hold 100,000.",
        of(|figures| figures.change),
        of(|figures| figures.look),
    ));
    Ok(sheet)
}

/// The power of n with which a figure grows between two numbers of units.
fn power((few, little): (u32, f64), (many, much): (u32, f64)) -> f64 {
    (much / little).ln() / (f64::from(many) / f64::from(few)).ln()
}

/// The number behind `name` in the line that begins with `line`.
fn figure(text: &str, line: &str, name: &str) -> Result<f64> {
    let rest = text.lines().find_map(|text| text.strip_prefix(line));
    let mut words = rest.unwrap_or_default().split_whitespace();
    let found = words.find(|word| *word == name).and_then(|_| words.next()?.parse().ok());
    found.ok_or_else(|| Failure::new(format!("read {name} of `{line}…`"), text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_as_a_power() {
        assert!((power((10, 2.0), (1_000, 200.0)) - 1.0).abs() < 1e-9);
        assert!((power((10, 2.0), (1_000, 20_000.0)) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn figures_are_read_by_their_names() {
        let text =
            "reconcile_units 10 look_us 5.5 change_us 18.0\nreconcile_units 1000 look_us 382.5 change_us 859.5\n";
        assert_eq!(figure(text, "reconcile_units 1000 ", "change_us").expect("a figure"), 859.5);
        assert_eq!(figure(text, "reconcile_units 10 ", "look_us").expect("a figure"), 5.5);
        assert!(figure(text, "reconcile_units 100 ", "look_us").is_err());
    }
}
