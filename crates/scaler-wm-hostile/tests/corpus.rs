//! Every property holds of what fuzzing has kept, and has something to start from.

use std::{
    collections::BTreeSet,
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use scaler_wm_hostile::PROPERTIES;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// What is in a folder, without its extension, in order.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |entry: fs::DirEntry| entry.path().file_stem().map(|name| name.to_string_lossy().into_owned());
    entries.filter_map(|entry| name(entry.expect("the folder can be read"))).collect()
}

#[test]
fn each_property_has_a_target_and_a_corpus() {
    let properties: BTreeSet<String> = PROPERTIES.iter().map(|property| property.name.to_owned()).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), properties, "targets in fuzz/fuzz_targets");
    assert_eq!(names(&fuzz().join("corpus")), properties, "folders in fuzz/corpus");
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("fuzz/Cargo.toml can be read");
    for name in &properties {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml has no target {name}");
    }
}

#[test]
fn every_property_holds_of_its_corpus() {
    for property in PROPERTIES {
        let folder = fuzz().join("corpus").join(property.name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).expect("the corpus can be read") {
            let path = entry.expect("the corpus can be read").path();
            let input = fs::read(&path).expect("an input can be read");
            assert!(catch_unwind(|| (property.check)(&input)).is_ok(), "{} fails on {}", property.name, path.display());
            count += 1;
        }
        assert!(count > 0, "there is nothing in {}", folder.display());
    }
}
