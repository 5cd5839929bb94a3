//! Pictures of runs: figures over time, in panels one below the other.
//!
//! Written by hand, as a picture that follows the dark or light setting of its reader is beyond libraries that draw.

/// In units of the picture.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 40.0;
const PANEL: f64 = 170.0;
const GAP: f64 = 48.0;
/// Room for the name of a line.
const NAME: f64 = 90.0;
/// What is longer than so many seconds is told in minutes.
const LONG: f64 = 120.0;

const STYLE: &str = "
  svg { background: #ffffff; font: 13px sans-serif; fill: #24292f; }
  .grid { stroke: #d0d7de; } .mark { stroke: #8c959f; stroke-dasharray: 2 3; }
  .line { fill: none; stroke-width: 1.6; }
  .c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; }
  .f0 { fill: #0969da; } .f1 { fill: #bc4c00; } .f2 { fill: #1a7f37; }
  .title { font-weight: bold; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; fill: #e6edf3; }
    .grid { stroke: #30363d; } .mark { stroke: #6e7681; }
    .c0 { stroke: #58a6ff; } .c1 { stroke: #ffa657; } .c2 { stroke: #56d364; }
    .f0 { fill: #58a6ff; } .f1 { fill: #ffa657; } .f2 { fill: #56d364; }
  }
";

/// A line: its name, and its points, each with its second; it breaks off where there is no figure for a while.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, Option<f64>)>,
    /// Whether a figure stays as it is until the next one.
    pub(crate) is_stepped: bool,
}

/// Lines with one axis, three at the most.
#[derive(Debug, Default)]
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<Line>,
    /// What happened, and in which second.
    pub(crate) marks: Vec<(f64, &'static str)>,
}

/// The picture, as SVG.
pub(crate) fn draw(title: &str, panels: &[Panel]) -> String {
    let points = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let end = points.map(|(at, _)| *at).fold(1.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "some panels")]
    let place = |at: usize| TOP + at as f64 * (PANEL + GAP);
    let height = place(panels.len());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n"
    );
    for (at, panel) in panels.iter().enumerate() {
        panel.draw(&mut svg, place(at), end);
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
        let (length, name) = if end > LONG { (60.0, "min") } else { (1.0, "s") };
        let step = step_of_time(end / length);
        let mut at = 0.0;
        while at * length <= end {
            let x = x(at * length, end);
            svg.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{at} {name}</text>\n",
                bottom + 18.0
            ));
            at += step;
        }
        for (when, what) in &self.marks {
            let x = x(*when, end);
            svg.push_str(&format!(
                "<line class=\"mark\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"><title>{what}</title></line>\n"
            ));
        }
        for (at, line) in self.lines.iter().enumerate() {
            let name_x = WIDTH - RIGHT - NAME * (self.lines.len() - at) as f64;
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

/// A step of minutes or seconds.
fn step_of_time(end: f64) -> f64 {
    [1.0, 2.0, 5.0, 10.0, 30.0, 60.0].into_iter().find(|step| end / step <= 12.0).unwrap_or(120.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(points: &[(f64, Option<f64>)], is_stepped: bool) -> Line {
        Line { name: "memory".to_owned(), points: points.to_vec(), is_stepped }
    }

    #[test]
    fn a_picture_has_its_lines_and_gaps_and_every_number_is_finite() {
        let points = [(0.0, Some(10.0)), (2.0, None), (4.0, Some(11.0))];
        let lines = vec![line(&points, false), line(&points[..2], true), line(&[], false)];
        let svg = draw("a run", &[Panel { title: "MB", lines, marks: vec![(2.0, "a kill")] }, Panel::default()]);
        assert_eq!(svg.matches("<path").count(), 3);
        assert_eq!(svg.matches('M').count() - svg.matches("MB").count(), 3, "a gap begins a new line: {svg}");
        assert!(svg.contains("<title>a kill</title>") && svg.contains(">4 s</text>"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(!draw("nothing", &[]).contains("NaN"));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([step(1.0, 4.0), step(6.0, 4.0), step(17.0, 4.0), step(90.0, 4.0)], [1.0, 2.0, 5.0, 50.0]);
        assert_eq!([step_of_time(4.0), step_of_time(26.8), step_of_time(30.0)], [1.0, 5.0, 5.0]);
    }
}
