//! A picture of what happened over time.

use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    drawing::IntoDrawingArea,
    prelude::{Color, IntoFont, LineSeries, PathElement, RGBColor, SVGBackend},
    style::{BLACK, WHITE},
};

use crate::{Error, Outcome, Point, Result, workload::float};

/// Pixels.
const SIZE: (u32, u32) = (1_000, 1_080);
/// Told apart by people who see few colours, too (after Okabe and Ito).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// One panel: its title, and what it shows of a point.
type Panel = (&'static str, fn(&Point) -> f64);

const PANELS: [Panel; 4] = [
    ("tasks waiting", |point| float(point.waiting)),
    ("workers wanted", |point| float(point.wanted)),
    ("workers there", |point| float(point.workers)),
    ("cost", |point| point.cost),
];

/// An SVG with four panels over simulated time: tasks that wait, workers wanted, workers there, and cost so far; a line
/// for each policy.
///
/// # Errors
/// When it cannot be drawn.
pub fn plot(outcomes: &[Outcome]) -> Result<String> {
    let mut svg = String::new();
    draw(outcomes, &mut svg).map_err(|error| Error::Draw(error.to_string()))?;
    Ok(svg)
}

fn draw(outcomes: &[Outcome], svg: &mut String) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let points = || outcomes.iter().flat_map(|outcome| &outcome.course);
    let end = points().map(|point| point.at).fold(1.0, f64::max);
    let (unit, in_unit) = match end {
        end if end > 7_200.0 => ("hours", 3_600.0),
        end if end > 300.0 => ("minutes", 60.0),
        _ => ("seconds", 1.0),
    };
    for (index, (area, (title, value))) in root.split_evenly((PANELS.len(), 1)).into_iter().zip(PANELS).enumerate() {
        let most = points().map(value).fold(0.0, f64::max);
        let top = if most > 0.0 { most * 1.05 } else { 1.0 };
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 22).into_font())
            .margin(8)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..end / in_unit, 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc(format!("{unit} since the beginning"))
            .y_labels(5)
            .light_line_style(WHITE.mix(0.0))
            .label_style(("sans-serif", 17))
            .y_label_formatter(&|value| short(*value, top))
            .draw()?;
        for (outcome, colour) in outcomes.iter().zip(COLOURS.iter().cycle()) {
            let line = outcome.course.iter().map(|point| (point.at / in_unit, value(point)));
            let drawn = chart.draw_series(LineSeries::new(line, colour.stroke_width(2)))?;
            if index == 0 {
                drawn
                    .label(outcome.policy.clone())
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            }
        }
        if index == 0 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .background_style(WHITE.mix(0.8))
                .border_style(BLACK.mix(0.4))
                .label_font(("sans-serif", 17))
                .draw()?;
        }
    }
    root.present()?;
    drop(root);
    Ok(())
}

/// A number on an axis that ends at `top`.
fn short(value: f64, top: f64) -> String {
    match top {
        top if top >= 10_000.0 => format!("{:.0}k", value / 1e3),
        top if top >= 10.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}
