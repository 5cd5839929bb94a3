//! Batch, S3 and the logs on bad days, as the proxy makes them.

use scaler_wm_tests::{
    Answer, ApiError, AwsClient, BUCKET, BatchOptions, Faults, HoldPoint, Limit, Outcome, Result, Runner,
};
use serde_json::{Value, json};

use crate::account::Account;

/// An account, and a client that asks its proxy.
fn account() -> Result<(Account, AwsClient)> {
    let account = Account::with(&BatchOptions { executes: false, ..BatchOptions::default() })?;
    let client = AwsClient::new(account.cloud.proxy.port())?;
    Ok((account, client))
}

fn submit(client: &AwsClient, more: &Value) -> Result<Answer> {
    let mut request = json!({
        "jobName": "a-job",
        "jobQueue": scaler_wm_tests::QUEUE,
        "jobDefinition": Runner::Released.definition(),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        request[name] = value.clone();
    }
    client.batch("SubmitJob", &request)
}

#[test]
fn calls_of_all_services_are_understood_and_passed_on() -> Result<()> {
    let (account, client) = account()?;
    let array = json!({"arrayProperties": {"size": 2}});
    let job = crate::account::id_of(submit(&client, &array)?)?;
    client.batch("DescribeJobs", &json!({"jobs": [job]}))?.ok()?;
    let long = vec![b'x'; 20 << 20];
    client.s3("PUT", &format!("/{BUCKET}/in/long"), long.clone())?.ok()?;
    client.s3("HEAD", &format!("/{BUCKET}/in/long"), "")?.ok()?;
    let back = client.s3("GET", &format!("/{BUCKET}/in/long"), "")?.ok()?;
    assert_eq!(back.as_str().map(str::len), Some(long.len()));
    let listed = client.s3("GET", &format!("/{BUCKET}?list-type=2&prefix=in"), "")?;
    assert_eq!(listed.texts("Key"), ["in/long"]);
    let missing = client.s3("GET", &format!("/{BUCKET}/none"), "")?;
    assert_eq!((missing.status, missing.code.as_deref()), (404, Some("NoSuchKey")));
    let delete = "<Delete><Object><Key>in/long</Key></Object><Object><Key>in/none</Key></Object></Delete>";
    client.s3("POST", &format!("/{BUCKET}?delete"), delete)?.ok()?;
    client.logs("DescribeLogGroups", &json!({}))?.ok()?;
    assert!(account.cloud.emulator.objects()?.is_empty());

    let calls = account.cloud.proxy.calls();
    let operations: Vec<&str> = calls.iter().map(|call| &*call.operation).collect();
    let expected = [
        "SubmitJob",
        "DescribeJobs",
        "PutObject",
        "HeadObject",
        "GetObject",
        "ListObjectsV2",
        "GetObject",
        "DeleteObjects",
        "DescribeLogGroups",
    ];
    assert_eq!(operations, expected);
    assert_eq!((&calls[0].units, &*calls[8].service), (&vec![job], "logs"));
    assert_eq!(calls[2].body, json!({"bucket": BUCKET, "key": "in/long", "size": 20 << 20, "keys": 0}));
    assert_eq!(calls[7].body["keys"], 2);
    Ok(())
}

#[test]
fn each_service_throttles_in_its_own_words() -> Result<()> {
    let (account, client) = account()?;
    account.cloud.proxy.set_faults(Faults { throttled: 1.0, ..Faults::default() });
    let told = [
        submit(&client, &json!({}))?,
        client.s3("GET", &format!("/{BUCKET}/a"), "")?,
        client.s3("HEAD", &format!("/{BUCKET}/a"), "")?,
        client.logs("GetLogEvents", &json!({}))?,
    ];
    let told: Vec<(u16, Option<&str>)> = told.iter().map(|answer| (answer.status, answer.code.as_deref())).collect();
    let expected = [
        (429, Some("TooManyRequestsException")),
        (503, Some("SlowDown")),
        (503, None),
        (400, Some("ThrottlingException")),
    ];
    assert_eq!(told, expected);
    // Jobs are counted one by one, and calls by themselves.
    account.cloud.proxy.set_faults(Faults { limits: vec![Limit::jobs(0.0, 5.0)], ..Faults::default() });
    let array = json!({"arrayProperties": {"size": 5}});
    let answers = [submit(&client, &array)?.status, submit(&client, &json!({}))?.status];
    assert_eq!(answers, [200, 429]);
    Ok(())
}

#[test]
fn one_service_is_down_and_one_operation_denied() -> Result<()> {
    let (account, client) = account()?;
    let denied = ApiError::new("AccessDenied", "no").status(403).on("PutObject");
    account.cloud.proxy.set_faults(Faults { errors: vec![denied], ..Faults::default() });
    let answer = client.s3("PUT", &format!("/{BUCKET}/a"), "a")?;
    assert_eq!((answer.status, answer.code.as_deref()), (403, Some("AccessDenied")));
    account.cloud.proxy.set_faults(Faults { down: vec!["s3".to_owned()], ..Faults::default() });
    assert!(client.s3("PUT", &format!("/{BUCKET}/a"), "a").is_err());
    submit(&client, &json!({}))?.ok()?;
    account.cloud.proxy.set_faults(Faults::default());
    client.s3("PUT", &format!("/{BUCKET}/a"), "a")?.ok().map(|_| ())
}

#[test]
fn the_answer_to_a_submission_can_be_lost_and_its_job_be_seen_late() -> Result<()> {
    let (account, client) = account()?;
    let proxy = &account.cloud.proxy;
    proxy.hold("SubmitJob", HoldPoint::After).drop_it();
    assert!(submit(&client, &json!({})).is_err());
    proxy.until_quiet(5.0)?;
    assert_eq!(proxy.calls_of("SubmitJob")[0].outcome, Outcome::Unheard);
    assert_eq!(account.cloud.emulator.jobs()?.len(), 1);
    proxy.set_faults(Faults { list_lag: 60.0, ..Faults::default() });
    let job = crate::account::id_of(submit(&client, &json!({"arrayProperties": {"size": 2}}))?)?;
    let ids = json!({"jobs": [job, format!("{job}:1")]});
    assert_eq!(client.batch("DescribeJobs", &ids)?.ok()?["jobs"], json!([]));
    proxy.set_faults(Faults::default());
    assert_eq!(client.batch("DescribeJobs", &ids)?.ok()?["jobs"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[test]
fn no_more_objects_than_aws_allows_are_deleted_at_once() -> Result<()> {
    let (_account, client) = account()?;
    let keys = "<Object><Key>a</Key></Object>".repeat(1001);
    let answer = client.s3("POST", &format!("/{BUCKET}?delete"), format!("<Delete>{keys}</Delete>"))?;
    assert_eq!(answer.code.as_deref(), Some("MalformedXML"));
    Ok(())
}
