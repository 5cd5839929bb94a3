use super::*;

fn task(name: &str) -> TaskId {
    TaskId::from(name)
}

fn run(job: &str, index: Option<u32>) -> Run {
    Run { job: Arc::from(job), place: Place { name: Arc::from("name"), index } }
}

fn out(book: &mut Book, name: &str, run: Run, now: Instant) {
    let Entered::New(offer, None) = book.enter(&task(name)) else { panic!("{name} is there") };
    assert!(book.begin(&task(name), offer));
    book.out(&task(name), run, now);
}

#[test]
fn a_task_goes_its_way_once() {
    let mut book = Book::default();
    let now = Instant::now();
    out(&mut book, "a", run("job", None), now);
    assert_eq!(book.enter(&task("a")), Entered::Known(run("job", None)));
    let ended = book.ended("job", false).expect("its first end");
    assert!(!ended.was_canceled && ended.task == task("a"));
    assert!(book.ended("job", false).is_none(), "a second end is none");
    assert_eq!(book.withdraw(&task("a")), Withdrawn::Over);
    assert!(book.release(&[task("a")]).is_empty(), "it was not told");
    book.told(&task("a"));
    assert_eq!(book.enter(&task("a")), Entered::New(2, Some(run("job", None))));
    assert!(book.release(&[task("a")]).is_empty(), "what was submitted anew stays");
}

#[test]
fn a_cancel_finds_a_task_wherever_it_is() {
    let mut book = Book::default();
    let now = Instant::now();
    assert_eq!(book.withdraw(&task("a")), Withdrawn::Over);
    assert_eq!(book.enter(&task("a")), Entered::New(1, None));
    assert_eq!(book.withdraw(&task("a")), Withdrawn::InTime);
    assert!(!book.begin(&task("a"), 1), "it does not go out any more");
    assert_eq!(book.enter(&task("a")), Entered::New(2, None));
    assert!(!book.begin(&task("a"), 1), "that offer was canceled");
    assert!(book.begin(&task("a"), 2));
    assert_eq!(book.withdraw(&task("a")), Withdrawn::NotYet);
    book.out(&task("a"), run("job", Some(0)), now);
    out(&mut book, "b", run("job", Some(1)), now);
    assert_eq!(book.withdraw(&task("a")), Withdrawn::Out(run("job", Some(0))));
    assert!(book.end(&task("a")) && !book.end(&task("a")));
    assert!(!book.is_canceled_whole("job"));
    assert!(book.end(&task("b")) && book.is_canceled_whole("job"));
    book.goes_on(&task("b"));
    assert!(book.ended("job:0", false).expect("its end").was_canceled);
    assert!(!book.ended("job:1", false).expect("its end").was_canceled);
}

#[test]
fn what_leaves_the_queue_is_canceled_only_if_it_was_in_time() {
    let mut book = Book::default();
    let now = Instant::now();
    out(&mut book, "in time", run("a", None), now);
    out(&mut book, "too late", run("b", None), now);
    out(&mut book, "goes on", run("c", None), now);
    for name in ["in time", "too late", "goes on"] {
        assert!(book.leave(&task(name)));
        assert_eq!(book.withdraw(&task(name)), Withdrawn::NotYet);
    }
    assert!(book.goes_on(&task("goes on")) && !book.goes_on(&task("goes on")));
    assert!(book.ended("a", true).expect("its end").was_canceled);
    assert!(!book.ended("b", false).expect("its end").was_canceled, "it has run");
    assert!(!book.ended("c", true).expect("its end").was_canceled, "somebody was told that it goes on");
}

#[test]
fn young_jobs_are_looked_at_often_and_old_ones_less() {
    let mut book = Book::default();
    let start = Instant::now();
    out(&mut book, "a", run("job", None), start);
    let mut at = start;
    let mut looks = Vec::new();
    while at < start + Duration::from_secs(3600) {
        let (due, next) = book.due(at);
        if !due.is_empty() {
            looks.push((at - start).as_secs_f64());
        }
        at = next.expect("it runs");
    }
    let between = |from: f64, to: f64| looks.iter().filter(|at| (from..to).contains(*at)).count();
    assert!((18..=20).contains(&between(0.0, 10.0)), "every half second: {}", between(0.0, 10.0));
    assert_eq!(between(600.0, 3600.0), 200, "every 15 s");
    assert!(looks.len() < 350, "{}", looks.len());
}

#[test]
fn a_large_array_is_looked_at_less_often() {
    let mut book = Book::default();
    let now = Instant::now();
    for index in 0..3_000 {
        out(&mut book, &format!("task {index}"), run("job", Some(index)), now);
    }
    let first = now + Duration::from_millis(500);
    assert_eq!(book.due(first), (vec![Arc::from("job")], Some(first + Duration::from_secs(3))));
}

#[test]
fn children_are_looked_at_when_another_one_has_ended() {
    let mut book = Book::default();
    let now = Instant::now();
    for index in 0..3 {
        out(&mut book, &format!("task {index}"), run("job", Some(index)), now);
    }
    assert!(book.children("job", Some(0), false).is_empty());
    assert_eq!(book.children("job", Some(1), false), ["job:0", "job:1", "job:2"]);
    book.ended("job:1", false);
    assert!(book.children("job", Some(1), false).is_empty());
    assert_eq!(book.children("job", Some(2), false), ["job:0", "job:2"]);
    assert_eq!(book.children("job", None, false).len(), 2, "where Batch does not count them");
    assert_eq!(book.children("job", Some(1), true).len(), 2, "the whole array has ended");
    assert!(book.children("other", Some(1), true).is_empty());
}

#[test]
fn a_task_may_be_lost_so_often() {
    let mut book = Book::default();
    assert!(book.lost(&task("a"), 2) && book.lost(&task("a"), 2) && !book.lost(&task("a"), 2));
    assert!(!book.lost(&task("b"), 0));
}
