//! The token shows nowhere.

use scaler_wm_core::{Chain, Provider, Stop};
use serde_json::json;

use crate::{
    fake::{Fake, Next, Rig, TOKEN},
    lines::Lines,
};

#[tokio::test(start_paused = true)]
async fn the_token_is_in_no_log_no_error_and_no_debug_text() {
    let (lines, _guard) = Lines::taken();

    let mut config = Fake::config();
    assert!(!format!("{config:?}").contains("hush"));
    let mut rig = Rig::new().await;
    let mut texts = vec![format!("{:?}", rig.provider)];
    let units = rig.running(1).await;
    // A server, or what stands before it, that says what it was sent.
    let echo = |status| Next::Answers(status, json!({"detail": format!("bad header: Bearer {TOKEN}")}));
    let page = Next::Answers(502, json!(format!("<html>Authorization: Bearer {TOKEN}</html>")));
    rig.fake.script("POST", [echo(400), echo(500), page.clone(), echo(500), echo(403)]);
    for _ in 0..3 {
        let error = rig.provider.launch(&rig.prepare(1)).await.unwrap_err();
        texts.push(format!("{} {error:?}", Chain(&error)));
    }
    for _ in 0..2 {
        texts.push(format!("{:?}", rig.provider.stop(&units, Stop::Now).await));
    }
    rig.fake.script("GET", [page, echo(401), Next::Answers(200, json!(TOKEN)), Next::Answers(200, json!(TOKEN))]);
    for _ in 0..4 {
        tokio::time::advance(std::time::Duration::from_secs(10)).await;
        texts.push(format!("{:?}", rig.provider.observe(&[]).await));
    }
    config.token = Some("a\u{7f}hush".to_owned());
    texts.push(format!("{:?}", rig.fake.start(config).await.unwrap_err()));
    texts.push(lines.text());
    for text in texts {
        assert!(!text.contains("hush"), "{text}");
        assert!(!text.is_empty());
    }
    assert!(lines.text().contains("machines can be asked for"));
}
