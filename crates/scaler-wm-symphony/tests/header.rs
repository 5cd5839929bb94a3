//! The header and its mirror say the same: sizes, offsets and values, as C11 and as C++14.

#![expect(clippy::unwrap_used, reason = "a compiler that fails ends the test")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    mem::{align_of, offset_of, size_of},
    process::Command,
};

use scaler_wm_symphony::abi;

/// What the mirror says of each name: `sizeof`, `alignof`, `offsetof`, values.
fn mirror() -> BTreeMap<String, i64> {
    let mut said = BTreeMap::new();
    let mut say = |name: String, value: usize| {
        said.insert(name, i64::try_from(value).unwrap());
    };
    macro_rules! structure {
        ($name:literal, $type:ty $(, $member:ident as $c:literal)*) => {
            say(format!("sizeof(scaler_soam_{})", $name), size_of::<$type>());
            say(format!("ALIGNOF(scaler_soam_{})", $name), align_of::<$type>());
            $(say(format!("offsetof(scaler_soam_{}, {})", $name, $c), offset_of!($type, $member));)*
        };
    }
    structure!("error", abi::Error, size as "size", status as "status", soam_code as "soam_code", kind as "type", message as "message");
    structure!("id", abi::Id, text as "text");
    structure!("session_options", abi::SessionOptions, size as "size", codec as "codec", name as "name", kind as "type", tag as "tag", service as "service", priority as "priority", flags as "flags");
    structure!("output", abi::Output, size as "size", ok as "ok", task as "task", tag as "tag", data as "data", length as "length", error as "error");
    structure!("callbacks", abi::Callbacks, size as "size", flags as "flags", user as "user", on_output as "on_output", on_session_error as "on_session_error");
    structure!("api", abi::Api, size as "size", major as "major", minor as "minor", initialize as "initialize", shutdown as "shutdown", connect as "connect", connection_id as "connection_id", connection_close as "connection_close", session_create as "session_create", session_open as "session_open", session_id as "session_id", session_close as "session_close", task_submit as "task_submit", task_cancel as "task_cancel");
    let constants: [(&str, i64); 14] = [
        ("MAJOR", abi::MAJOR.into()),
        ("MINOR", abi::MINOR.into()),
        ("OK", abi::OK.into()),
        ("FAILED", abi::FAILED.into()),
        ("UNREACHABLE", abi::UNREACHABLE.into()),
        ("DENIED", abi::DENIED.into()),
        ("UNKNOWN", abi::UNKNOWN.into()),
        ("INVALID", abi::INVALID.into()),
        ("LOST", abi::LOST.into()),
        ("UNSUPPORTED", abi::UNSUPPORTED.into()),
        ("CODEC_BYTE_ARRAY", abi::CODEC_BYTE_ARRAY.into()),
        ("CODEC_RAW", abi::CODEC_RAW.into()),
        ("DESTROY", abi::DESTROY.into()),
        ("DETACH", abi::DETACH.into()),
    ];
    said.extend(constants.map(|(name, value)| (format!("SCALER_SOAM_{name}"), value)));
    said
}

/// What a compiler says of the same names.
fn header(compiler: &str, standard: &str, extension: &str, names: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let folder = tempfile::tempdir().unwrap();
    let mut source = String::from("#include <stddef.h>\n#include <stdio.h>\n#include \"scaler_soam.h\"\n");
    source.push_str("#ifdef __cplusplus\n#define ALIGNOF alignof\n#else\n#define ALIGNOF _Alignof\n#endif\n");
    // A function of the exported type: it must be what the mirror calls.
    source.push_str(
        "static const scaler_soam_api *(*entry)(uint16_t, uint16_t) = NULL;\nint main(void) {\n    (void)entry;\n",
    );
    for name in names.keys() {
        writeln!(source, "    printf(\"%lld %s\\n\", (long long)({name}), \"{name}\");").unwrap();
    }
    source.push_str("    return 0;\n}\n");
    let (file, program) = (folder.path().join(format!("header.{extension}")), folder.path().join("header"));
    fs::write(&file, source).unwrap();
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/include");
    let flags = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", standard, "-I", include, "-o"];
    let compiled = Command::new(compiler).args(flags).arg(&program).arg(&file).output().unwrap();
    assert!(compiled.status.success(), "{compiler} {standard}: {}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(&program).output().unwrap();
    let lines = String::from_utf8(printed.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let (value, name) = line.split_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_mirror_is_that_of_the_header_in_c_and_in_cpp() {
    let mirror = mirror();
    assert!(mirror.len() > 50, "{}", mirror.len());
    assert_eq!(header("cc", "-std=c11", "c", &mirror), mirror);
    assert_eq!(header("c++", "-std=c++14", "cpp", &mirror), mirror);
}
