//! Whether a figure stays flat.
//!
//! The first third of what was seen is left out: caches fill, and every path is taken for the first time. The rest is cut
//! into equal parts, of each of which the median counts, so that load that comes and goes makes no slope. Through these goes
//! the straight line that fits best (least squares), and how much it rises from the beginning to the end of the judged time
//! is the growth, which has a bound.

use crate::bench::median;

/// Parts into which the judged time is cut.
const PARTS: usize = 12;
/// Parts with something in them that a judgement needs.
const ENOUGH: usize = 8;

/// How much a figure grew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Growth {
    /// Along the line, from the beginning of the judged time to its end.
    pub(super) by: f64,
    /// The judged time, in seconds.
    pub(super) over: f64,
}

impl Growth {
    /// The growth of what was seen: each figure with the second in which it was. Nothing where too little was seen.
    pub(super) fn of(seen: &[(f64, f64)]) -> Option<Self> {
        let (first, last) = (seen.first()?.0, seen.last()?.0);
        let from = first + (last - first) / 3.0;
        let over = last - from;
        if over <= 0.0 {
            return None;
        }
        let mut parts: [Vec<f64>; PARTS] = Default::default();
        for (at, figure) in seen.iter().filter(|(at, _)| *at >= from) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and the number of parts"
            )]
            let part = ((at - from) / over * PARTS as f64) as usize;
            parts[part.min(PARTS - 1)].push(*figure);
        }
        // In units of the judged time: the slope of the line is the growth.
        let middle = |part: usize| (part as f64 + 0.5) / PARTS as f64;
        let parts = parts.into_iter().enumerate().filter(|(_, figures)| !figures.is_empty());
        let points: Vec<(f64, f64)> = parts.map(|(part, figures)| (middle(part), median(figures))).collect();
        (points.len() >= ENOUGH).then(|| Self { by: slope(&points), over })
    }
}

/// The slope of the straight line that fits best.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half an hour of samples, one every 2 seconds.
    fn seen(figure: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..900).map(|at| f64::from(at) * 2.0).map(|at| (at, figure(at))).collect()
    }

    /// Load that comes and goes every three minutes, and takes half a megabyte while it is there, and a little noise.
    fn load(at: f64) -> f64 {
        let noise = (at * 7.3).sin() * 0.05;
        noise + if at % 180.0 < 90.0 { 0.5 } else { 0.0 }
    }

    fn growth(figure: impl Fn(f64) -> f64) -> f64 {
        Growth::of(&seen(figure)).expect("enough is seen").by
    }

    #[test]
    fn load_that_comes_and_goes_is_no_growth() {
        let by = growth(|at| 10.0 + load(at));
        assert!(by.abs() < 0.4, "{by}");
    }

    #[test]
    fn what_fills_in_the_first_third_is_no_growth() {
        let by = growth(|at| 8.0 + (at / 300.0).min(1.0) * 4.0 + load(at));
        assert!(by.abs() < 0.4, "{by}");
    }

    #[test]
    fn a_leak_is_seen_through_the_load() {
        // A kilobyte and a half in a second.
        let by = growth(|at| 10.0 + at * 0.0015 + load(at));
        assert!((1.4..2.2).contains(&by), "{by}");
    }

    #[test]
    fn a_step_that_stays_is_seen() {
        assert!(growth(|at| if at > 1_200.0 { 12.0 } else { 10.0 }) > 1.5);
    }

    #[test]
    fn a_descriptor_left_open_every_three_minutes_is_seen() {
        assert!(growth(|at| 30.0 + (at / 180.0).floor()) > 5.0);
        assert_eq!(growth(|_| 30.0), 0.0);
    }

    #[test]
    fn too_little_is_not_judged() {
        assert_eq!(Growth::of(&[]), None);
        assert_eq!(Growth::of(&[(0.0, 1.0)]), None);
        assert_eq!(Growth::of(&[(0.0, 1.0), (2.0, 1.0), (4.0, 1.0), (6.0, 1.0)]), None);
    }
}
