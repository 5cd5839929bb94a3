//! What the texts say that AWS must allow is what the code calls: all of it, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What clients of the SDK are called in the code: after the service, as in the names of actions.
const SERVICES: [&str; 8] = ["batch", "ec2", "ecr", "ecs", "iam", "logs", "s3", "sts"];
/// Actions that allow no call by itself: AWS asks for them within others.
const WITHIN_OTHERS: [&str; 4] =
    ["ecs:TagResource", "iam:CreateServiceLinkedRole", "iam:PassRole", "ssm:GetParameters"];

type Actions = BTreeSet<String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The Rust files below a folder, those of `left_out` left out.
fn sources(folder: &Path, left_out: Option<&str>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !left_out.is_some_and(|left_out| path.ends_with(left_out)) {
                files.extend(sources(&path, left_out));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The actions of all calls in these files. A call is the name of a service, a dot, and the name of an operation, which is
/// several words.
fn called(files: &[PathBuf]) -> Actions {
    let mut actions = Actions::new();
    for file in files {
        // Where a line is broken says nothing.
        let text: String = fs::read_to_string(file).unwrap().split_whitespace().collect();
        for (at, _) in text.match_indices("()") {
            let mut names = text[..at].rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let (operation, service) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
            let is_method = text[..at - operation.len()].ends_with(&format!("{service}."));
            if is_method && operation.contains('_') && SERVICES.contains(&service) {
                actions.insert(action(service, operation));
            }
        }
    }
    actions
}

/// What must be allowed for an operation, which is its name but for some of S3.
fn action(service: &str, operation: &str) -> String {
    let name: String = operation
        .split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect();
    let name = match (service, name.as_str()) {
        ("s3", "HeadBucket" | "ListObjectsV2") => "ListBucket",
        ("s3", "DeleteObjects") => "DeleteObject",
        ("s3", "GetPublicAccessBlock") => "GetBucketPublicAccessBlock",
        ("s3", "PutPublicAccessBlock") => "PutBucketPublicAccessBlock",
        ("s3", "GetBucketLifecycleConfiguration") => "GetLifecycleConfiguration",
        ("s3", "PutBucketLifecycleConfiguration") => "PutLifecycleConfiguration",
        (_, name) => name,
    };
    format!("{service}:{name}")
}

/// The actions that a text names.
fn named(text: &str) -> Actions {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':');
    let is_action = |word: &&str| {
        word.split_once(':').is_some_and(|(service, name)| {
            (SERVICES.contains(&service) || service == "ssm") && name.starts_with(|first: char| first.is_uppercase())
        })
    };
    words.filter(is_action).map(str::to_owned).collect()
}

/// What one part of a crate calls.
fn of_crate(name: &str, left_out: Option<&str>) -> Actions {
    let folder = root().join("crates").join(name).join("src");
    let actions = called(&sources(&folder, left_out));
    assert!(actions.len() > 5, "{name}: hardly any call was found: {actions:?}");
    actions
}

/// What a crate's README has below its heading.
fn of_readme(name: &str) -> Actions {
    let readme = fs::read_to_string(root().join("crates").join(name).join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Permissions\n").unwrap();
    named(section.split("\n## ").next().unwrap_or_default())
}

fn of_page(name: &str) -> Actions {
    named(&fs::read_to_string(root().join("docs/managers").join(name)).unwrap())
}

fn without(these: &Actions, those: &Actions) -> Vec<String> {
    let missing = these.difference(those).filter(|action| !WITHIN_OTHERS.contains(&action.as_str()));
    missing.cloned().collect()
}

#[test]
fn permissions_of_managers_are_their_calls() {
    let none: [&str; 0] = [];
    for (name, left_out, page) in [
        ("scaler-wm-batch", Some("provision"), "batch.md"),
        ("scaler-wm-ec2", None, "ec2.md"),
        ("scaler-wm-ecs", None, "ecs.md"),
    ] {
        let (called, readme) = (of_crate(name, left_out), of_readme(name));
        assert_eq!(without(&called, &readme), none, "{name}/README.md does not name what the code calls");
        assert_eq!(without(&readme, &called), none, "{name}/README.md names what nothing calls");
        assert_eq!(without(&called, &of_page(page)), none, "docs/managers/{page} does not name what the code calls");
    }
}

#[test]
fn permissions_of_who_provisions_are_its_calls() {
    let called = called(&sources(&root().join("crates/scaler-wm-batch/src/provision"), None));
    assert!(called.len() > 40, "hardly any call was found: {called:?}");
    let none: [&str; 0] = [];
    assert_eq!(
        without(&called, &of_page("batch.md")),
        none,
        "docs/managers/batch.md does not name what the code calls"
    );
}
