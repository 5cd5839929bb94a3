//! Which pickles of Python's are taken for results, and what is found in them.

use bytes::Bytes;
use fastrand::Rng;
use scaler_wm_agent::payload::{NotBytes, read_result};
use scaler_wm_core::TaskOutcome;
use scaler_wm_tests::Result;
use serde_json::{Value, json};

use super::python::with_each;
use super::random::{SIZES, bytes, size};
use super::script::{Script, hex, unhex};

/// What pickles are made of: every size at which something changes, with each tag, random and with bytes that are
/// opcodes, in and outside of ASCII.
fn contents() -> Vec<Bytes> {
    let mut rng = Rng::with_seed(10);
    let near = |limit: usize| limit - 30..limit + 4;
    let mut sizes: Vec<usize> = SIZES.into_iter().chain([2, 3, 254, 257]).collect();
    sizes.extend((0..8).map(|_| rng.usize(near(1 << 16))));
    sizes.extend((0..40).map(|_| size(&mut rng)));
    let mut all: Vec<Bytes> = sizes.into_iter().map(|size| tagged(bytes(&mut rng, size).to_vec(), &mut rng)).collect();
    all.extend((0..=255).map(|tag| Bytes::from(vec![tag])));
    for filled in [b'a', b'.', 0xff, 0x95, 0x94, b'\n', b'C', 0] {
        all.extend([1, 9, 300].map(|size| tagged(vec![filled; size], &mut rng)));
    }
    all
}

/// Nearly always with a tag that a payload gives.
fn tagged(mut bytes: Vec<u8>, rng: &mut Rng) -> Bytes {
    if let Some(tag) = bytes.first_mut().filter(|_| rng.u8(..20) > 0) {
        *tag = rng.u8(..2);
    }
    bytes.into()
}

/// What is to be read out of any pickle of these bytes.
fn due(content: &Bytes) -> std::result::Result<(u8, Bytes), NotBytes> {
    match content.first() {
        Some(tag @ (0 | 1)) => Ok((*tag, content.slice(1..))),
        _ => Err(NotBytes::Tag),
    }
}

fn read(pickle: &Bytes) -> std::result::Result<(u8, Bytes), NotBytes> {
    read_result(pickle).map(|outcome| match outcome {
        TaskOutcome::Returned(bytes) => (0, bytes),
        TaskOutcome::Raised(bytes) => (1, bytes),
        TaskOutcome::Failed(error) | TaskOutcome::Again(error) => panic!("nothing has failed: {error}"),
    })
}

/// Pickles, with those who have made them.
fn pickles(script: &mut Script, request: &Value) -> Result<Vec<(String, Bytes)>> {
    let answer = script.ask(request)?;
    let pairs = answer.as_array().into_iter().flatten();
    Ok(pairs.map(|pair| (pair[0].as_str().unwrap_or_default().to_owned(), unhex(&pair[1]))).collect())
}

#[test]
fn a_result_is_what_was_pickled() -> Result<()> {
    let contents = contents();
    with_each(
        |_| true,
        |python, script| {
            let mut cases = 0;
            for content in &contents {
                let pickles = pickles(script, &json!({"do": "dump", "data": hex(content)}))?;
                assert!(pickles.len() >= 3, "one for each protocol");
                for (made_by, pickle) in pickles {
                    let (found, due) = (read(&pickle), due(content));
                    // No more of it is shown: it can be a megabyte.
                    assert!(
                        found == due,
                        "{python}: {made_by}: {:.200} is {:.200}",
                        hex(&pickle),
                        format!("{found:?}")
                    );
                    cases += 1;
                }
            }
            Ok(cases)
        },
    )
}

#[test]
fn nothing_else_is_a_result() -> Result<()> {
    with_each(
        |_| true,
        |python, script| {
            let things = pickles(script, &json!({"do": "things"}))?;
            for (thing, pickle) in &things {
                let found = read(pickle);
                assert!(found.is_err(), "{python}: {thing}: {} is {found:?}", hex(pickle));
            }
            Ok(things.len())
        },
    )
}

#[test]
fn a_result_ends_where_its_pickle_does() -> Result<()> {
    with_each(
        |_| true,
        |python, script| {
            let mut cases = 0;
            for content in [&b"\0"[..], b"\x01ab", b"\0.....\xff", &[1; 256]] {
                for (made_by, pickle) in pickles(script, &json!({"do": "dump", "data": hex(content)}))? {
                    let more = Bytes::from([&pickle[..], b"."].concat());
                    assert_eq!(read(&more), Err(NotBytes::Trailing), "{python}: {made_by}");
                    for length in 0..pickle.len() {
                        assert!(read(&pickle.slice(..length)).is_err(), "{python}: {length} bytes of {made_by}");
                    }
                    cases += 1 + pickle.len();
                }
            }
            Ok(cases)
        },
    )
}

/// A pickle with a few bytes of it changed, left out, or put in.
fn broken(pickle: &Bytes, rng: &mut Rng) -> Bytes {
    let mut bytes = pickle.to_vec();
    for _ in 0..rng.usize(1..=3) {
        let at = rng.usize(..bytes.len());
        match rng.u8(..6) {
            0 => drop(bytes.remove(at)),
            1 => bytes.insert(at, rng.u8(..)),
            2 => bytes[at] ^= 1 << rng.u8(..8),
            3 => bytes[at] = *rng.choice(b"\x80\x02\x04\x05\x95\x94\x8e\x86\x88\xc3cqrCBXR).").expect("some"),
            4 => bytes[at] = bytes[at].wrapping_add(1),
            _ => bytes[at] = rng.u8(..),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes.into()
}

/// Whatever of broken pickles is taken is the same to Python, unless that refuses it.
#[test]
fn python_reads_a_broken_result_no_other_way() -> Result<()> {
    with_each(
        |_| true,
        |python, script| {
            let mut rng = Rng::with_seed(11);
            let mut taken = Vec::new();
            for content in [&b"\0"[..], b"\x01ab", b"\0\xff\x80latin1", &[0; 256]] {
                let pickles = pickles(script, &json!({"do": "dump", "data": hex(content)}))?;
                // A large index of those that were made late, changed, lets Python take gigabytes.
                for (_, pickle) in pickles.iter().filter(|(made_by, _)| !made_by.starts_with("late")) {
                    let broken = (0..1000).map(|_| broken(pickle, &mut rng));
                    taken.extend(broken.filter_map(|pickle| read(&pickle).ok().map(|found| (pickle, found))));
                }
            }
            let data: Vec<String> = taken.iter().map(|(pickle, _)| hex(pickle)).collect();
            let answer = script.ask(&json!({"do": "loads", "data": data}))?;
            let mut agreed = 0;
            for (loaded, (pickle, (tag, rest))) in answer.as_array().into_iter().flatten().zip(&taken) {
                let found = hex(&[&[*tag], &rest[..]].concat());
                assert!(loaded.is_null() || *loaded == *found, "{python}: {} is {loaded}, not {found}", hex(pickle));
                agreed += usize::from(!loaded.is_null());
            }
            assert!(agreed > 1000, "{agreed} of {} are readable", taken.len());
            Ok(taken.len())
        },
    )
}
