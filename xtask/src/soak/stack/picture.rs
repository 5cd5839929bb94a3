//! A picture of a run: units wanted and there, memory, and descriptors over time, and who was killed when.

use super::managers::NAMES;
use super::seen::Look;
use super::work::Seen;
use crate::plot::{self, Line, Panel};

/// The picture, as SVG.
pub(super) fn draw(seen: &Seen) -> String {
    let sum = |name: &str, of: fn(&Look) -> Option<u64>| {
        let points = seen.looks.iter().map(|(at, looks)| {
            let known: Vec<u64> = looks.iter().flatten().filter_map(of).collect();
            (*at, (!known.is_empty()).then(|| known.iter().sum::<u64>() as f64))
        });
        Line { name: name.to_owned(), points: points.collect(), is_stepped: true }
    };
    let each = |of: fn(&Look) -> f64| {
        let line = |(which, name): (usize, &&str)| Line {
            name: (*name).to_owned(),
            points: seen.looks.iter().map(|(at, looks)| (*at, looks[which].as_ref().map(of))).collect(),
            is_stepped: false,
        };
        NAMES.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let panels = [
        Panel {
            title: "units of all managers (dotted: a kill)",
            lines: vec![sum("wanted", |look| look.wanted), sum("there", |look| Some(look.there))],
            marks: seen.kills.iter().map(|(at, victim)| (*at, victim.words())).collect(),
        },
        Panel {
            title: "resident memory of each manager, MB",
            lines: each(|look| look.resident as f64 / 1e6),
            marks: Vec::new(),
        },
        Panel {
            title: "open descriptors of each manager",
            lines: each(|look| look.descriptors as f64),
            marks: Vec::new(),
        },
    ];
    plot::draw("A run of cargo xtask soak stack", &panels)
}

#[cfg(test)]
mod tests {
    use super::super::victims::Victim;
    use super::*;

    #[test]
    fn it_has_a_line_for_each_figure_and_says_who_was_killed() {
        let look = |resident| Some(Look { resident, descriptors: 30, wanted: Some(2), there: 1, ..Look::default() });
        let looks = vec![
            (0.0, [look(10_000_000), None, None]),
            (2.0, [None, None, None]),
            (4.0, [look(11_000_000), look(9_000_000), None]),
        ];
        let svg = draw(&Seen { looks, kills: vec![(2.0, Victim::Kept)], ..Seen::default() });
        assert_eq!(svg.matches("<path").count(), 8);
        assert!(svg.contains("<title>the manager that keeps its workers</title>"));
        assert!(!draw(&Seen::default()).contains("NaN"));
    }
}
