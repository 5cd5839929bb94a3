//! What is made, waited for, and changed.

use scaler_wm_core::{Chain, ErrorKind};
use serde_json::json;

use crate::fake::{Fake, told, wanted};

const CREATING: Option<(&str, &str)> = Some(("CREATING", ""));
const VALID: Option<(&str, &str)> = Some(("VALID", ""));

#[tokio::test(start_paused = true)]
async fn an_environment_is_waited_for_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    // It takes a while until a list has it.
    let fake = Fake::with([None, None, CREATING, CREATING, VALID], |_| {});
    let (told, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    let steps = told.borrow().join("\n");
    let order = ["not listed yet", "CREATING", "made              compute environment", "made              job queue"];
    let places: Vec<_> =
        order.iter().map(|step| steps.find(step).unwrap_or_else(|| panic!("{step} in {steps}"))).collect();
    assert!(places.is_sorted(), "{steps}");
    let created = &fake.calls("createcomputeenvironment")[0];
    let resources = &created["computeResources"];
    assert_eq!(
        [&resources["type"], &resources["allocationStrategy"], &resources["minvCpus"], &resources["maxvCpus"]],
        [&json!("EC2"), &json!("BEST_FIT_PROGRESSIVE"), &json!(0), &json!(16)]
    );
    assert_eq!(created["serviceRole"], "arn:aws:iam::1:role/AWSServiceRoleForBatch");
    let definition = &fake.calls("registerjobdefinition")[0];
    let command = definition["containerProperties"]["command"].as_array().unwrap();
    assert_eq!((command.len(), &command[0], &command[1]), (12, &json!("--task_id"), &json!("Ref::task_id")));
    assert_eq!(
        (&definition["parameters"]["compressed"], &definition["parameters"]["s3_key"]),
        (&json!("0"), &json!("none"))
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_never_comes_is_given_up_and_stays_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([None, CREATING], |_| {});
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    let error = site.provision(&wanted()).await.unwrap_err();
    assert!(error.to_string().contains("compute environment p-compute is still CREATING after 600 s"), "{error}");
    let made: Vec<_> = site.state().made.iter().map(|made| made.name.as_str()).collect();
    assert_eq!(made, ["p-compute"], "what is not there yet may come all the same");
}

#[tokio::test(start_paused = true)]
async fn why_an_environment_is_invalid_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([None, Some(("INVALID", "CLIENT_ERROR - The subnet 's' does not exist"))], |_| {});
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    let error = site.provision(&wanted()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("The subnet 's' does not exist"), "{error}");
    assert!(fake.calls("updatecomputeenvironment").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_is_not_known_yet_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = Some(("INVALID", "CLIENT_ERROR - Invalid IamInstanceProfile: x"));
    let fake = Fake::with([None, unknown, unknown, VALID], |_| {});
    fake.fails("createcomputeenvironment", 400, "ClientException", "could not find instanceRole x");
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    assert_eq!(fake.calls("createcomputeenvironment").len(), 2);
    assert_eq!(fake.calls("updatecomputeenvironment").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_mended_is_looked_at_again_by_the_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Some(("INVALID", "CLIENT_ERROR - The subnet 's' does not exist"));
    let fake = Fake::with([missing, missing, Some(("UPDATING", "")), VALID], |_| {});
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    assert_eq!(fake.calls("updatecomputeenvironment").len(), 1);
    // What was not mended is told after a while.
    let fake = Fake::with([missing], |_| {});
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    let error = site.provision(&wanted()).await.unwrap_err();
    assert!(error.to_string().contains("mend what that names and run the same command again"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_what_differs_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID], |environment| {
        environment["computeResources"]["maxvCpus"] = json!(8);
        environment["computeResources"]["instanceTypes"] = json!(["m7i"]);
        environment["state"] = json!("DISABLED");
    });
    let (told, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    let changes = fake.calls("updatecomputeenvironment");
    let expected = json!({
        "computeEnvironment": "p-compute", "state": "ENABLED",
        "computeResources": {"maxvCpus": 16, "instanceTypes": ["c7i"]},
    });
    assert_eq!(changes, [expected]);
    let steps = told.borrow().join("\n");
    assert!(steps.contains("max vCPUs 16 instead of 8; instance types c7i instead of m7i; enabled again"), "{steps}");
    assert!(steps.contains("left as it is     log group /aws/batch/job: it was there before"), "{steps}");
}

#[tokio::test(start_paused = true)]
async fn a_new_revision_comes_only_of_something_new_and_two_stay() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID], |_| {});
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    for (image, revisions) in [("a", 1), ("a", 1), ("b", 2), ("c", 3), ("c", 3)] {
        let mut wanted = wanted();
        wanted.image = Some(image.to_owned());
        site.provision(&wanted).await.unwrap();
        assert_eq!(fake.calls("registerjobdefinition").len(), revisions, "{image}");
    }
    let gone = fake.calls("deregisterjobdefinition");
    assert_eq!(gone, [json!({"jobDefinition": "arn:aws:batch:us-east-1:1:job-definition/p-job:1"})]);
}

#[tokio::test(start_paused = true)]
async fn what_is_somebody_elses_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID], |environment| {
        environment["tags"] = json!({});
        environment["computeResources"]["maxvCpus"] = json!(1);
    });
    let (told, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    site.provision(&wanted()).await.unwrap();
    assert!(fake.calls("updatecomputeenvironment").is_empty());
    assert!(told.borrow().iter().any(|step| step.starts_with("left as it is     compute environment p-compute")));
    // Of another account, not even a look is taken.
    let text = std::fs::read_to_string(folder.path().join("state.json")).unwrap();
    std::fs::write(
        folder.path().join("state.json"),
        text.replace("\"aws_account_id\": \"1\"", "\"aws_account_id\": \"2\""),
    )
    .unwrap();
    let error = fake.site(folder.path(), tell).await.err().unwrap();
    assert!(error.to_string().contains("tells of account 2, and these credentials belong to 1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn throttled_calls_are_made_again_and_refused_ones_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::with([VALID], |_| {});
    fake.fails("registerjobdefinition", 429, "TooManyRequestsException", "slow down");
    fake.fails("createjobqueue", 403, "AccessDeniedException", "not authorized to perform: batch:CreateJobQueue");
    let (_, tell) = told();
    let mut site = fake.site(folder.path(), tell).await.unwrap();
    let error = site.provision(&wanted()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let said = Chain(&error).to_string();
    assert!(
        said.starts_with("failed to make the job queue (denied)") && said.contains("batch:CreateJobQueue"),
        "{said}"
    );
    site.provision(&wanted()).await.unwrap();
    assert_eq!(fake.calls("registerjobdefinition").len(), 2);
}
