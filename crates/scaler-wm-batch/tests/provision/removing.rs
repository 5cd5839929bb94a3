//! What is removed, and what stays.

use serde_json::json;

use crate::fake::{Fake, told, wanted};

const VALID: Option<(&str, &str)> = Some(("VALID", ""));
const DELETING: Option<(&str, &str)> = Some(("DELETING", ""));

#[tokio::test(start_paused = true)]
async fn an_environment_is_disabled_and_then_removed_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID, VALID, Some(("UPDATING", "")), VALID, DELETING, DELETING, None], |_| {});
    let (told, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    let cleanup = site.cleanup().await.unwrap();
    assert!(cleanup.failed.is_empty(), "{cleanup:?}");
    assert_eq!(
        fake.calls("updatecomputeenvironment"),
        [json!({"computeEnvironment": "p-compute", "state": "DISABLED"})]
    );
    assert_eq!(fake.calls("deletecomputeenvironment").len(), 1);
    let steps = told.borrow().join("\n");
    assert!(steps.contains("waiting           compute environment p-compute: DELETING"), "{steps}");
}

#[tokio::test(start_paused = true)]
async fn one_failure_keeps_nothing_else_from_going() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID], |_| {});
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    fake.fails("deletejobqueue", 403, "AccessDeniedException", "not for you");
    // And the environment never goes.
    let cleanup = site.cleanup().await.unwrap();
    let failed: Vec<&str> = cleanup.failed.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(failed, ["job queue p-queue", "compute environment p-compute"]);
    assert!(cleanup.failed[0].1.contains("not for you") && cleanup.failed[1].1.contains("after 600 s"), "{cleanup:?}");
    assert!(cleanup.removed.iter().any(|what| what == "job definition p-job"), "{cleanup:?}");
    let left: Vec<&str> = cleanup.left.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(left, ["service role batch.amazonaws.com", "log group /aws/batch/job"]);
    assert!(site.state().made.iter().any(|made| made.name == "p-queue"), "what is left stays on record");
    assert!(folder.path().join("state.json").exists());
}

#[tokio::test(start_paused = true)]
async fn what_lost_our_tag_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([None, VALID], |environment| environment["tags"] = json!({"other": "tag"}));
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    let cleanup = site.cleanup().await.unwrap();
    assert_eq!(cleanup.failed.len(), 1, "{cleanup:?}");
    assert!(cleanup.failed[0].1.contains("does not bear our tag any more"), "{cleanup:?}");
    assert!(fake.calls("deletecomputeenvironment").is_empty());
}
