//! The table.

use super::{Behind, Measured, Path, Round};
use crate::bench::{cases::median, sheet::Sheet};

const NO_TARGET: (&str, bool) = ("", true);

pub(super) fn sheet(measured: &Measured) -> Sheet {
    let Measured { costs: [double, simulator], alone: [shim, bare], held: [held, held_simulator], paths } = measured;
    let mut sheet = Sheet::default();
    let us = |nanoseconds: f64| nanoseconds / 1e3;
    let target = |nanoseconds: f64| ("under 2 µs", nanoseconds < 2000.0);

    for (over, cost, alone) in [("shim with no-op double", double, shim), ("no-op simulator", simulator, bare)] {
        let mut row =
            |what: &str, figure: f64, target| sheet.alone(format!("{over}: {what}"), us(figure), "µs", target);
        row("processor time of a task in library, ABI and backend", cost.rest, target(cost.rest));
        row("processor time of its payload beside that, written and read", cost.payload, NO_TARGET);
        row("processor time of both together, as measured", cost.cpu, NO_TARGET);
        row("time that passes for a task", cost.time, NO_TARGET);
        row("processor time of a task in the library alone, no backend", alone.cpu, NO_TARGET);
    }

    let mb = |bytes: f64| bytes / 1e6;
    for (over, held) in [("shim with no-op double", held), ("no-op simulator", held_simulator)] {
        let target = ("under 100 MB", mb(held.after) < 100.0);
        sheet.alone(format!("{over}: resident memory with 100,000 tasks out there"), mb(held.after), "MB", target);
        sheet.alone(format!("{over}: resident memory without any"), mb(held.before), "MB", NO_TARGET);
    }

    paths.iter().for_each(|path| of_path(&mut sheet, path));
    sheet
}

fn of_path(sheet: &mut Sheet, Path { what, behind, both }: &Path) {
    let medians = |figure: fn(&Round) -> f64| {
        let of = |rounds: &Vec<Round>| median(rounds.iter().map(figure).collect());
        (of(&both.ours), of(&both.released))
    };
    let run = match behind {
        Behind::Nobody => "answered at once",
        Behind::Services => "run for real",
    };
    let rate = medians(Round::rate);
    let is_bounded = both.ours.iter().any(|round| round.most().is_some());
    // Elsewhere no manager is ten times as quick: services, scheduler and client do not come to it, as the rows below say.
    let target = match behind {
        Behind::Nobody if !is_bounded => ("at least 10 times Python's", rate.0 >= rate.1 * 10.0),
        _ => NO_TARGET,
    };
    sheet.beside(format!("tasks per second, {run}: {what}"), rate, "/s", target);
    let manager = medians(Round::manager);
    let text = format!("processor time of the manager per task, services included, {run}: {what}");
    sheet.beside(text, manager, "ms", NO_TARGET);
    if is_bounded {
        let most = medians(|round| round.most().unwrap_or(f64::INFINITY));
        let text = format!("tasks per second that scheduler and client allow at the most, a core each, {run}: {what}");
        sheet.beside(text, most, "/s", NO_TARGET);
    }
}
