//! Tables for people: as wide as what is in them.

use std::borrow::Cow;

use crate::plain::plain;

/// Lines of cells, the first one with the headings. Numbers stand to the right. Whatever is in a cell, it stays one.
pub(super) fn table(lines: &[Vec<String>]) -> String {
    let lines: Vec<Vec<_>> = lines.iter().map(|line| line.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let is_number = |column: usize| {
        let mut cells = lines.iter().skip(1).filter_map(|line| line.get(column)).peekable();
        let of_digits = |cell: &Cow<'_, str>| cell.chars().all(|letter| letter.is_ascii_digit() || letter == '-');
        cells.peek().is_some() && cells.all(of_digits)
    };
    let numbers: Vec<bool> = (0..columns).map(is_number).collect();
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().enumerate().map(|(column, cell)| match numbers[column] {
            true => format!("{cell:>width$}", width = widths[column]),
            false => format!("{cell:<width$}", width = widths[column]),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A time in words: `3m12s`.
pub(crate) fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let line = |cells: &[&str]| cells.iter().map(ToString::to_string).collect();
        let lines: [Vec<String>; 3] =
            [line(&["UNIT", "TASKS", "TIER"]), line(&["a", "7", "x"]), line(&["bbbbb", "10", ""])];
        assert_eq!(table(&lines), "UNIT   TASKS  TIER\na          7  x\nbbbbb     10\n");
        assert_eq!(table(&[line(&["UNIT"]), line(&["a\nb\u{1b}"])]), "UNIT\na b\\u{1b}\n");
    }

    #[test]
    fn times_have_two_parts_at_most() {
        let of = |seconds: u64| time(seconds * 1000);
        assert_eq!([0, 59, 192, 3600, 90_061].map(of), ["0s", "59s", "3m12s", "1h00m", "1d01h"]);
    }
}
