//! Whether a process lives, and whether it can do what it is for.

use std::time::Duration;

use scaler_wm_control::http::{health, readiness};
use scaler_wm_core::control::Control;

use crate::bench::{Bench, not_begun};

fn ready(control: &Control) -> (bool, String) {
    let health = readiness(std::slice::from_ref(control));
    (health.is_good, health.text)
}

#[tokio::test(start_paused = true)]
async fn a_manager_is_ready_while_it_runs_and_its_scheduler_answers() {
    let nobody = readiness(&[]);
    assert_eq!((nobody.is_good, nobody.text.as_str()), (false, "no manager has begun\n"));
    let (control, seat) = not_begun();
    assert_eq!(ready(&control), (false, "under \"test\": it is starting\n".to_owned()));
    let bench = Bench::start_with(control, seat);
    bench.until(|status| status.has_looked).await;
    let (is_ready, words) = ready(&bench.control);
    assert!(!is_ready && words.contains("the scheduler at tcp://127.0.0.1:1 has not answered yet"), "{words}");
    bench.link.up();
    bench.until(|status| status.is_linked).await;
    assert_eq!(ready(&bench.control), (true, "under \"test\": ready\n".to_owned()));
    bench.link.down();
    bench.until(|status| !status.is_linked).await;
    let (is_ready, words) = ready(&bench.control);
    assert!(!is_ready && words.contains("does not answer: the test says so"), "{words}");
    // One that is not ready is enough.
    let (other, _seat) = not_begun();
    bench.link.up();
    bench.until(|status| status.is_linked).await;
    let both = readiness(&[bench.control.clone(), other]);
    assert!(!both.is_good && both.text.lines().count() == 2, "{}", both.text);

    let control = bench.control.clone();
    bench.link.close();
    bench.ended().await;
    assert_eq!(ready(&control), (false, "under \"test\": it has ended\n".to_owned()));
    assert!(health(&[control]).is_good, "what has ended is not stuck");
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_stands_still_is_told_by_its_own_plan() {
    assert!(health(&[]).is_good, "what serves this page lives");
    let bench = Bench::start();
    bench.until(|status| status.has_looked).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let managers = [bench.control.clone()];
    assert_eq!(health(&managers).text, "under \"test\": alive\n");
    // Time passes, and this thread, on which the loop would turn, is not given back.
    let now = tokio::time::Instant::now();
    while now.elapsed() < Duration::from_secs(600) {
        let mut step = advance_once(Duration::from_secs(60));
        let waker = std::task::Waker::noop();
        assert!(step.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    }
    let stuck = health(&managers);
    assert!(!stuck.is_good && stuck.text.contains("stuck: its loop should have turned"), "{}", stuck.text);
    tokio::task::yield_now().await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(health(&managers).is_good);
    bench.stop().await;
}

/// Moves the clock as soon as it is polled once, and waits after that.
fn advance_once(time: Duration) -> std::pin::Pin<Box<impl Future<Output = ()>>> {
    Box::pin(tokio::time::advance(time))
}
