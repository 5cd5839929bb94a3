//! The table of units: as many columns as there is room for.

use scaler_wm_control::v1;

use super::{Line, Look, Tone, cut, plain, width};
use crate::{
    ctl::{state_of, time},
    top::view::View,
};

const HEADINGS: [&str; 7] = ["UNIT", "STATE", "AGE", "TASKS", "QUEUED", "TIER", "WHERE"];
const UNIT: usize = 0;
const AGE: usize = 2;
const QUEUED: usize = 4;
const TIER: usize = 5;
const WHERE: usize = 6;
/// Between two columns.
const GAP: usize = 2;

/// The table, before it is known which lines of it are seen.
pub(super) struct Table {
    cells: Vec<[String; 7]>,
    tones: Vec<Tone>,
    widths: [usize; 7],
}

/// Makes it.
pub(super) fn table(view: &View, look: &Look, columns: usize) -> Table {
    let units = view.round().map(|round| &*round.units).unwrap_or_default();
    let cells: Vec<[String; 7]> = units.iter().map(|unit| cells(unit, view.at, look)).collect();
    let mut widths = std::array::from_fn(|column| {
        let widest = cells.iter().map(|line| width(&line[column])).max().unwrap_or(0);
        // What no unit has needs no column.
        if widest == 0 { 0 } else { widest.max(HEADINGS[column].len()) }
    });
    fit(&mut widths, columns);
    Table { tones: units.iter().map(tone).collect(), cells, widths }
}

fn cells(unit: &v1::Unit, now: u64, look: &Look) -> [String; 7] {
    let text = |text: &str| plain(text, &look.glyphs).into_owned();
    [
        text(&unit.unit),
        state_of(unit, now),
        time(now.saturating_sub(unit.since_ms)),
        unit.tasks.to_string(),
        unit.queued.to_string(),
        text(&unit.tier),
        text(&unit.place),
    ]
}

fn tone(unit: &v1::Unit) -> Tone {
    match unit.state() {
        v1::UnitState::Busy | v1::UnitState::Running => Tone::Good,
        v1::UnitState::Starting | v1::UnitState::Up => Tone::New,
        v1::UnitState::Draining => Tone::Warning,
        v1::UnitState::Stopping => Tone::Bad,
        v1::UnitState::Idle | v1::UnitState::Unspecified => Tone::Plain,
    }
}

/// Makes columns narrower, and leaves some out, until they go in: what can be done without goes first.
fn fit(widths: &mut [usize; 7], columns: usize) {
    for (column, narrowest) in
        [(WHERE, 12), (WHERE, 0), (TIER, 10), (TIER, 0), (UNIT, 16), (QUEUED, 0), (AGE, 0), (UNIT, 4)]
    {
        let used: usize = widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum();
        let too_many = used.saturating_sub(GAP).saturating_sub(columns);
        if too_many > 0 && widths[column] > narrowest {
            let left = widths[column].saturating_sub(too_many);
            // A column that would become too narrow goes as a whole, or as far as it may.
            widths[column] = left.max(narrowest);
            if left < narrowest && narrowest > 0 && column != UNIT {
                continue;
            }
            if narrowest == 0 {
                widths[column] = 0;
            }
        }
    }
}

impl Table {
    /// Units in it.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The line with the headings.
    pub(super) fn heading(&self, look: &Look) -> Line {
        Line::new(self.line(&HEADINGS, look), Tone::Strong)
    }

    /// The lines of so many units.
    pub(super) fn lines(&self, first: usize, count: usize, look: &Look) -> Vec<Line> {
        let all = self.cells.iter().zip(&self.tones).skip(first).take(count);
        all.map(|(cells, tone)| Line::new(self.line(cells, look), *tone)).collect()
    }

    fn line(&self, cells: &[impl AsRef<str>; 7], look: &Look) -> String {
        let mut text = String::new();
        for (column, cell) in cells.iter().enumerate().filter(|(column, _)| self.widths[*column] > 0) {
            let cell = cut(cell.as_ref(), self.widths[column], &look.glyphs);
            let filled = " ".repeat(self.widths[column].saturating_sub(width(&cell)));
            if !text.is_empty() {
                text.push_str(&" ".repeat(GAP));
            }
            // Numbers stand to the right.
            let (before, after) = if (AGE..=QUEUED).contains(&column) { (&*filled, "") } else { ("", &*filled) };
            text.extend([before, &cell, after]);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(widths: &[usize; 7]) -> usize {
        widths.iter().filter(|width| **width > 0).map(|width| width + GAP).sum::<usize>() - GAP
    }

    #[test]
    fn columns_go_in_as_long_as_there_is_room_for_a_unit_and_its_state() {
        let all = [36, 22, 6, 5, 6, 30, 20];
        for columns in 35..200 {
            let mut widths = all;
            fit(&mut widths, columns);
            assert!(used(&widths) <= columns, "{columns}: {widths:?}");
            assert!(widths[UNIT] > 3 && widths[1] == 22, "{columns}: {widths:?}");
        }
        let mut widths = all;
        fit(&mut widths, 200);
        assert_eq!(widths, all);
    }
}
