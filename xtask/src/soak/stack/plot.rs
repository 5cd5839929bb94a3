//! A picture of a run: units wanted and there, memory, and descriptors over time, and who was killed when.
//!
//! Written by hand, as a picture that follows the dark or light setting of its reader is beyond libraries that draw.

use super::managers::NAMES;
use super::seen::Look;
use super::work::Seen;

/// In units of the picture.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 40.0;
const PANEL: f64 = 170.0;
const GAP: f64 = 48.0;

const STYLE: &str = "
  svg { background: #ffffff; font: 13px sans-serif; fill: #24292f; }
  .grid { stroke: #d0d7de; } .kill { stroke: #8c959f; stroke-dasharray: 2 3; }
  .line { fill: none; stroke-width: 1.6; }
  .c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; }
  .f0 { fill: #0969da; } .f1 { fill: #bc4c00; } .f2 { fill: #1a7f37; }
  .title { font-weight: bold; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; fill: #e6edf3; }
    .grid { stroke: #30363d; } .kill { stroke: #6e7681; }
    .c0 { stroke: #58a6ff; } .c1 { stroke: #ffa657; } .c2 { stroke: #56d364; }
    .f0 { fill: #58a6ff; } .f1 { fill: #ffa657; } .f2 { fill: #56d364; }
  }
";

/// A line: its name, and its points; it breaks off where there are none for a while.
struct Line {
    name: String,
    points: Vec<(f64, Option<f64>)>,
    is_stepped: bool,
}

struct Panel {
    title: &'static str,
    lines: Vec<Line>,
}

/// The picture, as SVG.
pub(super) fn draw(seen: &Seen) -> String {
    let sum = |of: fn(&Look) -> Option<u64>| {
        let points = seen.looks.iter().map(|(at, looks)| {
            let known: Vec<u64> = looks.iter().flatten().filter_map(of).collect();
            (*at, (!known.is_empty()).then(|| known.iter().sum::<u64>() as f64))
        });
        points.collect::<Vec<_>>()
    };
    let each = |of: fn(&Look) -> f64| {
        let line = |(which, name): (usize, &&str)| Line {
            name: (*name).to_owned(),
            points: seen.looks.iter().map(|(at, looks)| (*at, looks[which].as_ref().map(of))).collect(),
            is_stepped: false,
        };
        NAMES.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let stepped = |name: &str, points| Line { name: name.to_owned(), points, is_stepped: true };
    let panels = [
        Panel {
            title: "units of all managers (dotted: a kill)",
            lines: vec![stepped("wanted", sum(|look| look.wanted)), stepped("there", sum(|look| Some(look.there)))],
        },
        Panel { title: "resident memory of each manager, MB", lines: each(|look| look.resident as f64 / 1e6) },
        Panel { title: "open descriptors of each manager", lines: each(|look| look.descriptors as f64) },
    ];
    let end = seen.looks.last().map_or(1.0, |(at, _)| at.max(1.0));
    let height = TOP + panels.len() as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>A run of cargo xtask \
         soak stack</title>\n<style>{STYLE}</style>\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        let top = TOP + at as f64 * (PANEL + GAP);
        panel.draw(&mut svg, top, end);
        if at == 0 {
            for (when, victim) in &seen.kills {
                let x = x(*when, end);
                let bottom = top + PANEL;
                svg.push_str(&format!(
                    "<line class=\"kill\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"><title>{}</title></line>\n",
                    victim.words()
                ));
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn x(at: f64, end: f64) -> f64 {
    LEFT + at / end * (WIDTH - LEFT - RIGHT)
}

impl Panel {
    fn draw(&self, svg: &mut String, top: f64, end: f64) {
        let (title, bottom) = (self.title, top + PANEL);
        let most = self.lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value).fold(1.0, f64::max);
        let step = step(most, 4.0);
        let most = (most / step).ceil() * step;
        let y = |value: f64| bottom - value / most * PANEL;
        svg.push_str(&format!("<text class=\"title\" x=\"{LEFT}\" y=\"{:.1}\">{title}</text>\n", top - 10.0));
        let mut value = 0.0;
        while value <= most + step / 2.0 {
            let (y, right) = (y(value), WIDTH - RIGHT);
            svg.push_str(&format!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n<text x=\"{}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{value}</text>\n",
                LEFT - 8.0,
                y + 4.0
            ));
            value += step;
        }
        let minutes = step_of_minutes(end / 60.0);
        let mut minute = 0.0;
        while minute <= end / 60.0 {
            let x = x(minute * 60.0, end);
            svg.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{minute} min</text>\n",
                bottom + 18.0
            ));
            minute += minutes;
        }
        for (at, line) in self.lines.iter().enumerate() {
            let name_x = WIDTH - RIGHT - 90.0 * (self.lines.len() - at) as f64;
            svg.push_str(&format!(
                "<rect class=\"f{at}\" x=\"{name_x}\" y=\"{:.1}\" width=\"14\" height=\"4\"/>\n",
                top - 17.0
            ));
            svg.push_str(&format!("<text x=\"{}\" y=\"{:.1}\">{}</text>\n", name_x + 20.0, top - 10.0, line.name));
            svg.push_str(&format!("<path class=\"line c{at}\" d=\"{}\"/>\n", line.path(end, &y)));
        }
    }
}

impl Line {
    fn path(&self, end: f64, y: &dyn Fn(f64) -> f64) -> String {
        let (mut path, mut is_down) = (String::new(), false);
        for (at, value) in &self.points {
            let Some(value) = value else {
                is_down = false;
                continue;
            };
            let (x, y) = (x(*at, end), y(*value));
            path.push_str(&match (is_down, self.is_stepped) {
                (false, _) => format!("M{x:.1} {y:.1}"),
                (true, true) => format!("H{x:.1}V{y:.1}"),
                (true, false) => format!("L{x:.1} {y:.1}"),
            });
            is_down = true;
        }
        path
    }
}

/// A round step of which about so many make `most`.
fn step(most: f64, count: f64) -> f64 {
    let rough = most / count;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= rough);
    // What is counted has no halves.
    step.unwrap_or(10.0 * power).max(1.0)
}

fn step_of_minutes(minutes: f64) -> f64 {
    [1.0, 2.0, 5.0, 10.0, 30.0, 60.0].into_iter().find(|step| minutes / step <= 12.0).unwrap_or(120.0)
}

#[cfg(test)]
mod tests {
    use super::super::victims::Victim;
    use super::*;

    #[test]
    fn a_picture_has_its_lines_and_gaps_and_every_number_is_finite() {
        let look = |resident| Some(Look { resident, descriptors: 30, wanted: Some(2), there: 1, ..Look::default() });
        let looks = vec![
            (0.0, [look(10_000_000), None, None]),
            (2.0, [None, None, None]),
            (4.0, [look(11_000_000), look(9_000_000), None]),
        ];
        let svg = draw(&Seen { looks, kills: vec![(2.0, Victim::Kept)], ..Seen::default() });
        assert_eq!(svg.matches("<path").count(), 8);
        assert!(svg.contains("<title>the manager that keeps its workers</title>"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(!draw(&Seen::default()).contains("NaN"));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([step(1.0, 4.0), step(6.0, 4.0), step(17.0, 4.0), step(90.0, 4.0)], [1.0, 2.0, 5.0, 50.0]);
    }
}
