//! The table.

use super::{Behind, Measured, Path, Round};
use crate::bench::{cases::median, sheet::Sheet};

const NO_TARGET: (&str, bool) = ("", true);

pub(super) fn sheet(measured: &Measured) -> Sheet {
    let Measured { costs: [double, simulator], alone: [shim, bare], held: [held, held_simulator], paths } = measured;
    let mut sheet = Sheet::default();
    let us = |nanoseconds: f64| nanoseconds / 1e3;
    let target = |nanoseconds: f64| ("under 2 µs", nanoseconds < 2000.0);

    let what = "processor time of a task in library, ABI and backend, shim with no-op double";
    sheet.alone(what, us(double.rest), "µs", target(double.rest));
    sheet.alone("its payload beside that, written and read", us(double.payload), "µs", NO_TARGET);
    sheet.alone("both together as measured", us(double.cpu), "µs", NO_TARGET);
    sheet.alone("the time that passes for a task", us(double.time), "µs", NO_TARGET);
    let what = "the library alone, no backend: submits in a loop, outputs counted, shim with no-op double";
    sheet.alone(what, us(shim.cpu), "µs", NO_TARGET);
    let what = "processor time of a task in library, ABI and backend, no-op simulator";
    sheet.alone(what, us(simulator.rest), "µs", target(simulator.rest));
    sheet.alone("its payload beside that", us(simulator.payload), "µs", NO_TARGET);
    sheet.alone("both together", us(simulator.cpu), "µs", NO_TARGET);
    sheet.alone("the time that passes", us(simulator.time), "µs", NO_TARGET);
    sheet.alone("the library alone, no backend, no-op simulator", us(bare.cpu), "µs", NO_TARGET);

    let mb = |bytes: f64| bytes / 1e6;
    let target = |bytes: f64| ("under 100 MB", mb(bytes) < 100.0);
    let what = "resident memory with 100,000 tasks out there, shim with double";
    sheet.alone(what, mb(held.after), "MB", target(held.after));
    sheet.alone("without any", mb(held.before), "MB", NO_TARGET);
    let what = "resident memory with 100,000 tasks out there, simulator";
    sheet.alone(what, mb(held_simulator.after), "MB", target(held_simulator.after));
    sheet.alone("without any there", mb(held_simulator.before), "MB", NO_TARGET);

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
    sheet.beside("processor time of the manager there, services included, per task", manager, "ms", NO_TARGET);
    if is_bounded {
        let most = medians(|round| round.most().unwrap_or(f64::INFINITY));
        sheet.beside(
            "tasks per second that scheduler and client allow there at the most, a core each",
            most,
            "/s",
            NO_TARGET,
        );
    }
}
