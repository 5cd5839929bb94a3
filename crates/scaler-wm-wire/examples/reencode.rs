//! Decodes every recorded frame of a folder and writes what we make of it to another, for `golden.py --verify`.
//!
//! `reencode 1|2 FROM TO`

use std::{error::Error, fs, path::Path};

use scaler_wm_wire::{
    Message, Version,
    message::{ObjectRequestHeader, ObjectResponseHeader},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [version, from, to] = arguments.as_slice() else { return Err("usage: reencode 1|2 FROM TO".into()) };
    let version = version.parse().ok().and_then(Version::from_byte).ok_or("the version is 1 or 2")?;
    fs::create_dir_all(to)?;
    let mut count = 0_u32;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("other_") {
            continue;
        }
        let frame = fs::read(&path)?;
        let again = if name.starts_with("object_request") {
            ObjectRequestHeader::decode(&frame)?.encode()?
        } else if name.starts_with("object_response") {
            ObjectResponseHeader::decode(&frame)?.encode()?
        } else {
            Message::decode(&frame, version)?.encode(version)?
        };
        fs::write(Path::new(to).join(name), again)?;
        count += 1;
    }
    println!("{count} encoded");
    Ok(())
}
