//! Outcomes side by side, for people.

use crate::Outcome;

/// A table: a row for each figure, a column for each policy.
#[must_use]
pub fn table(outcomes: &[Outcome]) -> String {
    type Figure = (&'static str, fn(&Outcome) -> String);
    let figures: [Figure; 14] = [
        ("tasks completed", |outcome| format!("{} of {}", outcome.completed, outcome.submitted)),
        ("tasks run again", |outcome| outcome.repeated.to_string()),
        ("makespan", |outcome| time(outcome.makespan_seconds)),
        ("wait, half of the tasks", |outcome| time(outcome.wait_p50_seconds)),
        ("wait, 95 %", |outcome| time(outcome.wait_p95_seconds)),
        ("wait, 99 %", |outcome| time(outcome.wait_p99_seconds)),
        ("worker-hours", |outcome| format!("{:.2}", outcome.worker_hours)),
        ("idle share", |outcome| format!("{:.1} %", outcome.idle_share * 100.0)),
        ("cost", |outcome| format!("{:.2}", outcome.cost)),
        ("cost of an hour at most", |outcome| format!("{:.2}", outcome.peak_cost_per_hour)),
        ("units launched", |outcome| outcome.launches.to_string()),
        ("changes of direction", |outcome| outcome.direction_changes.to_string()),
        ("workers at most", |outcome| outcome.peak_workers.to_string()),
        ("cut off", |outcome| if outcome.is_cut_off { "yes" } else { "no" }.to_owned()),
    ];
    let mut rows =
        vec![std::iter::once(String::new()).chain(outcomes.iter().map(|outcome| outcome.policy.clone())).collect()];
    rows.extend(figures.iter().map(|(name, figure)| {
        std::iter::once((*name).to_owned()).chain(outcomes.iter().map(figure)).collect::<Vec<_>>()
    }));
    let columns = outcomes.len() + 1;
    let width = |column: usize| rows.iter().map(|row: &Vec<String>| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A time in the largest unit that says enough.
fn time(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 120.0 => format!("{seconds:.2} s"),
        seconds if seconds < 7_200.0 => format!("{:.1} min", seconds / 60.0),
        seconds => format!("{:.2} h", seconds / 3_600.0),
    }
}
