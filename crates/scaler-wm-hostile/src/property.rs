//! All properties.

use crate::{
    config_file, decode_v1, decode_v2, frame_reader, greeting, monitor, orb_template, policy, result_pickle,
    simulation, storage_header, trace,
};

/// What must hold of any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The name of its fuzz target and of its corpus.
    pub name: &'static str,
    /// Panics when it does not hold.
    pub check: fn(&[u8]),
    /// More bytes than this show nothing new, and take longer.
    pub most_bytes: usize,
    /// Whether the code below it has `unsafe` blocks, so that an address sanitizer has something to watch.
    pub has_unsafe: bool,
}

impl Property {
    const fn new(name: &'static str, check: fn(&[u8]), most_bytes: usize) -> Self {
        Self { name, check, most_bytes, has_unsafe: false }
    }

    const fn with_unsafe(self) -> Self {
        Self { has_unsafe: true, ..self }
    }
}

/// All there are. Cap'n Proto and the buffers of frames are what has `unsafe` blocks.
pub const PROPERTIES: &[Property] = &[
    Property::new("config_file", config_file, 4096),
    Property::new("decode_v1", decode_v1, 4096).with_unsafe(),
    Property::new("decode_v2", decode_v2, 4096).with_unsafe(),
    Property::new("frame_reader", frame_reader, 4096).with_unsafe(),
    Property::new("greeting", greeting, 8192).with_unsafe(),
    Property::new("monitor", monitor, 4096).with_unsafe(),
    Property::new("orb_template", orb_template, 4096),
    Property::new("policy", policy, 512),
    Property::new("result_pickle", result_pickle, 1024),
    Property::new("simulation", simulation, 4096),
    Property::new("storage_header", storage_header, 512).with_unsafe(),
    Property::new("trace", trace, 4096),
];
