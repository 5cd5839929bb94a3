//! What is seen: pictures of made-up managers, in several sizes.

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers},
    style::Color,
};
use scaler_wm_control::v1;

use super::{
    ask::{News, Round},
    draw::{Look, draw},
    glyphs::{ASCII, Glyphs, UNICODE},
    view::{Does, Pane, View},
};

/// Noon.
const NOON: u64 = 1_800_014_400_000;

fn unit(name: &str, state: v1::UnitState, tasks: u32, age: u64) -> v1::Unit {
    v1::Unit {
        unit: name.to_owned(),
        state: state.into(),
        since_ms: NOON - age * 1000,
        tasks,
        queued: tasks / 2,
        place: "this host".to_owned(),
        tier: "local".to_owned(),
        ..v1::Unit::default()
    }
}

fn manager(id: &str) -> v1::ManagerStatus {
    v1::ManagerStatus {
        manager: id.to_owned(),
        r#type: "baremetal_native".to_owned(),
        stage: v1::Stage::Running.into(),
        link: Some(v1::SchedulerLink {
            is_up: true,
            peer: "tcp://127.0.0.1:8516".to_owned(),
            wire_version: "2".to_owned(),
            heartbeat_lag_seconds: Some(0.0012),
        }),
        wanted: Some(4),
        desired: Some(4),
        target: Some(4),
        observed: 3,
        running: 2,
        draining: 1,
        on_order: 1,
        tasks: 12,
        limits: Some(v1::Limits { most_units: Some(8), task_concurrency_per_unit: 1 }),
        place: "this host".to_owned(),
        last_event: 2,
        ..v1::ManagerStatus::default()
    }
}

fn round_of(managers: Vec<v1::ManagerStatus>, units: Vec<v1::Unit>) -> Round {
    let of = managers[0].manager.clone();
    let event = |sequence: u64, text: &str| v1::Event {
        manager: of.clone(),
        sequence,
        at_ms: NOON - 1000,
        kind: "target".to_owned(),
        text: text.to_owned(),
        ..v1::Event::default()
    };
    Round {
        at: NOON,
        units,
        explanation: v1::ExplainResponse {
            manager: of.clone(),
            now: "3 units there, 4 are wanted".to_owned(),
            not_more: vec!["4 are wanted, which is what the scheduler asks for".to_owned()],
            not_fewer: vec!["all of them are busy".to_owned()],
            decisions: vec![v1::Decision {
                at_ms: NOON - 2000,
                cause: "the scheduler wants a task concurrency of 4".to_owned(),
                effects: vec!["start 1 unit".to_owned()],
                desired: Some(4),
                target: Some(4),
                observed: 3,
                on_order: 0,
            }],
        },
        events: std::sync::Arc::new([event(1, "the scheduler answers"), event(2, "4 units wanted")].into()),
        manager: of,
        status: v1::GetStatusResponse { managers, version: "0.1.0".to_owned(), pid: 4711 },
    }
}

fn three() -> Vec<v1::Unit> {
    vec![
        unit("idle-one", v1::UnitState::Idle, 0, 300),
        unit("busy-one", v1::UnitState::Busy, 12, 200),
        unit("new-one", v1::UnitState::Starting, 0, 2),
    ]
}

fn view_of(round: Round) -> View {
    let mut view = View::default();
    view.hear(News::Told(Box::new(round)));
    view
}

fn seen_with(view: &mut View, width: u16, height: u16, glyphs: Glyphs, has_colours: bool) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let look = Look { glyphs, has_colours };
    terminal.draw(|frame| draw(view, &look, frame.buffer_mut())).unwrap();
    terminal
}

/// What is on a screen of that size, line by line.
fn seen(view: &mut View, width: u16, height: u16) -> Vec<String> {
    let terminal = seen_with(view, width, height, UNICODE, true);
    let buffer = terminal.backend().buffer();
    let line = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(line).collect()
}

#[track_caller]
fn has(lines: &[String], parts: &[&str]) {
    for part in parts {
        assert!(lines.iter().any(|line| line.contains(part)), "no {part:?} in:\n{}", lines.join("\n"));
    }
}

#[track_caller]
fn lacks(lines: &[String], parts: &[&str]) {
    for part in parts {
        assert!(!lines.iter().any(|line| line.contains(part)), "{part:?} in:\n{}", lines.join("\n"));
    }
}

fn press(view: &mut View, code: KeyCode) -> Does {
    view.does(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// At this line the part that was chosen begins.
fn chosen(lines: &[String]) -> &str {
    lines.iter().find(|line| line.contains('▶')).map_or("", |line| line)
}

#[test]
fn eighty_by_twenty_four_has_all_of_it() {
    let lines = seen(&mut view_of(round_of(vec![manager("wm1")], three())), 80, 24);
    println!("{}", lines.join("\n"));
    assert!(lines[0].starts_with(" wm1  baremetal_native  running"), "{}", lines[0]);
    has(&lines, &["desired 4   observed 3   running 2   draining 1   on order 1   tasks 12"]);
    has(&lines, &["scheduler answers   tcp://127.0.0.1:8516   wire 2   lag 1.2 ms", "at most 8 units"]);
    has(&lines, &["Since 12:00:00Z, 1s a column", "desired      4", "observed     3"]);
    has(&lines, &["▶ Units: 3, by state", "UNIT      STATE", "busy-one  busy", "3m20s", "2s"]);
    has(
        &lines,
        &["Not more: 4 are wanted", "Not fewer: all of them", "11:59:58Z  the scheduler wants", "-> start 1 unit"],
    );
    has(&lines, &["11:59:59Z  4 units wanted", "q quit", "? help"]);
    // What is changing comes first, the newest event likewise.
    let at = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    assert!(at("new-one") < at("busy-one") && at("busy-one") < at("idle-one"));
    assert!(at("4 units wanted") < at("11:59:59Z  the scheduler answers"));
}

#[test]
fn every_size_does_and_the_chosen_part_is_seen() {
    let units = |count: u32| (0..count).map(|at| unit(&format!("unit-{at:04}"), v1::UnitState::Busy, at, 9)).collect();
    for (width, height) in [(0, 0), (1, 1), (3, 2), (10, 4), (20, 6), (50, 12), (80, 24), (140, 40), (300, 90)] {
        for count in [0, 1, 1000] {
            let mut view = view_of(round_of(vec![manager("wm1"), manager("wm2")], units(count)));
            for key in [KeyCode::Tab, KeyCode::Tab, KeyCode::Tab, KeyCode::End, KeyCode::Char('?')] {
                let lines = seen(&mut view, width, height);
                assert_eq!(lines.len(), usize::from(height));
                press(&mut view, key);
            }
            seen(&mut view, width, height);
        }
    }
    let mut view = view_of(round_of(vec![manager("wm1")], units(30)));
    let small = seen(&mut view, 50, 12);
    println!("{}", small.join("\n"));
    has(&small, &["desired 4", "▶ Units: 30", "unit-0029", "Tab: why, events", "q quit"]);
    press(&mut view, KeyCode::Tab);
    has(&seen(&mut view, 50, 12), &["▶ Why", "Not more"]);
    press(&mut view, KeyCode::Tab);
    has(&seen(&mut view, 50, 12), &["▶ Events", "4 units wanted"]);
    let wide = seen(&mut view, 140, 40);
    println!("{}", wide.join("\n"));
    // Side by side.
    assert!(wide.iter().any(|line| line.contains("Units: 30") && line.contains("Why")), "{}", wide.join("\n"));
}

#[test]
fn what_others_wrote_is_no_order_to_the_terminal() {
    let odd = "x\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\r\ny\u{202e}z";
    let mut status = manager(&format!("wm{odd}"));
    status.r#type.push_str(odd);
    status.place.push_str(odd);
    status.ending_reason = odd.to_owned();
    status.is_draining = true;
    status.resting_tiers = vec![v1::RestingTier { tier: odd.to_owned(), until_ms: NOON }];
    status.backoff = Some(v1::Backoff { until_ms: NOON + 5000, failures: 3, reason: format!("denied {odd}") });
    status.link = Some(v1::SchedulerLink {
        is_up: true,
        peer: odd.to_owned(),
        wire_version: odd.to_owned(),
        ..status.link.unwrap()
    });
    let mut units = three();
    for unit in &mut units {
        unit.unit.push_str(odd);
        unit.tier.push_str(odd);
        unit.place.push_str(odd);
    }
    let mut round = round_of(vec![status], units);
    round.explanation.now.push_str(odd);
    round.explanation.not_more[0].push_str(odd);
    round.explanation.decisions[0].cause.push_str(odd);
    round.explanation.decisions[0].effects[0].push_str(odd);
    let mut event = round.events[1].clone();
    event.text.push_str(odd);
    round.events = std::sync::Arc::new([event].into());
    round.status.version.push_str(odd);
    let mut view = view_of(round);
    view.hear(News::Gone(format!("nobody answers {odd}")));
    for is_help in [false, true] {
        view.is_help = is_help;
        for glyphs in [UNICODE, ASCII] {
            let terminal = seen_with(&mut view, 240, 70, glyphs.clone(), true);
            let text: String = terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect();
            let is_bad = |letter: char| letter.is_control() || letter == '\u{202e}';
            assert!(!text.contains(is_bad), "{text:?}");
            // Nothing is hidden, either.
            assert!(text.contains("\\u{1b}[2J"), "{text}");
            if !glyphs.is_unicode {
                assert!(text.is_ascii(), "{text}");
            }
        }
    }
}

#[test]
fn nothing_is_told_by_colour_alone() {
    let mut status = manager("wm1");
    status.is_failing = true;
    let mut view = view_of(round_of(vec![status], three()));
    let letters = |terminal: &Terminal<TestBackend>| -> String {
        terminal.backend().buffer().content().iter().map(|cell| cell.symbol()).collect()
    };
    let with = seen_with(&mut view, 80, 24, UNICODE, true);
    let without = seen_with(&mut view, 80, 24, UNICODE, false);
    assert_eq!(letters(&with), letters(&without));
    assert!(without.backend().buffer().content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    // Sixteen colours are enough.
    let is_plain = |colour: Color| !matches!(colour, Color::Rgb(..) | Color::Indexed(_));
    assert!(with.backend().buffer().content().iter().all(|cell| is_plain(cell.fg) && is_plain(cell.bg)));
    assert!(with.backend().buffer().content().iter().any(|cell| cell.fg == Color::Green));
}

#[test]
fn troubles_are_said_at_the_top() {
    let mut status = manager("wm1");
    status.desired = Some(2);
    status.bounds = Some(v1::Bounds { maximum: Some(2), until_ms: Some(NOON + 60_000), ..v1::Bounds::default() });
    status.backoff = Some(v1::Backoff { until_ms: NOON + 5000, failures: 3, reason: "no capacity".to_owned() });
    status.link = Some(v1::SchedulerLink::default());
    let lines = seen(&mut view_of(round_of(vec![status], Vec::new())), 80, 24);
    has(&lines[1..3], &["! limits of an operator: maximum 2, for another 1m00s"]);
    has(&lines[1..3], &["! 3 failures in a row, next launch in 5s: no capacity"]);
    has(&lines, &["wanted 4   desired 2", "scheduler AWAY", "there are no units: see Why"]);
}

#[test]
fn a_manager_that_is_gone_is_said_and_what_it_told_stays() {
    let mut view = view_of(round_of(vec![manager("wm1")], three()));
    view.hear(News::Gone("nobody answers at /x".to_owned()));
    let lines = seen(&mut view, 80, 24);
    assert!(lines[0].ends_with("NO ANSWER"), "{}", lines[0]);
    has(&lines, &["! no answer since", "asked again every second", "below: as of 12:00:00Z", "busy-one"]);
    view.hear(News::Told(Box::new(round_of(vec![manager("wm1")], three()))));
    lacks(&seen(&mut view, 80, 24), &["NO ANSWER", "no answer"]);
}

#[test]
fn managers_of_one_process_are_gone_through() {
    let mut view = view_of(round_of(vec![manager("one"), manager("two"), manager("three")], three()));
    assert!(seen(&mut view, 80, 24)[0].contains("manager 1 of 3"));
    press(&mut view, KeyCode::Right);
    assert_eq!(view.asks().manager, "two");
    let lines = seen(&mut view, 80, 24);
    // Nothing is shown of another one's.
    assert!(lines[0].starts_with(" two ") && lines[0].ends_with("manager 2 of 3"), "{}", lines[0]);
    has(&lines, &["asking"]);
    lacks(&lines, &["busy-one"]);
    press(&mut view, KeyCode::Left);
    press(&mut view, KeyCode::Left);
    assert_eq!(view.asks().manager, "three");
    press(&mut view, KeyCode::Right);
    has(&seen(&mut view, 80, 24), &["busy-one"]);
    // One that has gone is left for one that is there.
    press(&mut view, KeyCode::Right);
    view.hear(News::Told(Box::new(round_of(vec![manager("one")], three()))));
    assert_eq!(view.asks().manager, "one");
    lacks(&seen(&mut view, 80, 24), &["manager 1 of"]);
}

#[test]
fn keys_do_what_they_say() {
    let units = (0..100).map(|at| unit(&format!("unit-{at:03}"), v1::UnitState::Busy, at, u64::from(at))).collect();
    let mut view = view_of(round_of(vec![manager("wm1")], units));
    let first = |view: &mut View| {
        let lines = seen(view, 80, 24);
        let at = lines.iter().position(|line| line.starts_with("UNIT")).unwrap();
        lines[at + 1][..8].to_owned()
    };
    assert_eq!(first(&mut view), "unit-099");
    press(&mut view, KeyCode::Down);
    assert_eq!(first(&mut view), "unit-098");
    press(&mut view, KeyCode::PageDown);
    press(&mut view, KeyCode::PageUp);
    assert_eq!(first(&mut view), "unit-098");
    press(&mut view, KeyCode::End);
    has(&seen(&mut view, 80, 24), &["unit-000", "-100 of 100"]);
    press(&mut view, KeyCode::Home);
    assert_eq!(first(&mut view), "unit-099");
    for (order, top) in [("tasks", "unit-099"), ("age", "unit-000"), ("name", "unit-000"), ("state", "unit-099")] {
        press(&mut view, KeyCode::Char('s'));
        assert_eq!(first(&mut view), top, "{order}");
        assert!(chosen(&seen(&mut view, 80, 24)).contains(&format!("by {order}")));
    }
    press(&mut view, KeyCode::BackTab);
    assert!(view.pane == Pane::Events && chosen(&seen(&mut view, 80, 24)).contains("Events"));
    press(&mut view, KeyCode::Char('p'));
    assert!(view.asks().is_paused);
    has(&seen(&mut view, 80, 24), &["PAUSED at 12:00:00Z", "p go on"]);
    press(&mut view, KeyCode::Char('p'));
    assert!(!view.asks().is_paused);
    press(&mut view, KeyCode::Char('?'));
    has(&seen(&mut view, 80, 24), &["q, Esc, Ctrl-C: end", "on order: units", "any key goes back"]);
    assert_eq!(press(&mut view, KeyCode::Esc), Does::GoOn);
    lacks(&seen(&mut view, 80, 24), &["any key goes back"]);
    assert_eq!(press(&mut view, KeyCode::Esc), Does::End);
    assert_eq!(press(&mut view, KeyCode::Char('q')), Does::End);
    for (letter, does) in [('c', Does::End), ('z', Does::Stop)] {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        assert_eq!(view.does(&Event::Key(key)), does);
    }
}

#[test]
fn the_same_answer_makes_the_same_picture() {
    let mut view = view_of(round_of(vec![manager("wm1")], three()));
    let before = seen(&mut view, 80, 24);
    view.hear(News::Told(Box::new(round_of(vec![manager("wm1")], three()))));
    assert_eq!(seen(&mut view, 80, 24), before);
}
