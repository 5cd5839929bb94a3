//! Bytes, texts and inputs, the same in every run.

use bytes::Bytes;
use fastrand::Rng;
use scaler_wm_core::Inputs;

/// Where something changes in a pickle: lengths of one and two bytes, the length from which on bytes have no frame.
pub(super) const SIZES: [usize; 7] = [0, 1, 255, 256, 65_535, 65_536, 1 << 20];

/// Random bytes.
pub(super) fn bytes(rng: &mut Rng, size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    rng.fill(&mut bytes);
    bytes.into()
}

/// A random text of so many characters, plain ones and strange ones.
pub(super) fn text(rng: &mut Rng, characters: usize) -> String {
    let strange =
        ['\0', '\n', '\r', '\'', '"', '\\', '\u{7f}', '\u{85}', '\u{2028}', '\u{feff}', '\u{ffff}', '\u{10ffff}'];
    (0..characters)
        .map(|_| match rng.u8(..4) {
            0 => strange[rng.usize(..strange.len())],
            1 => rng.char('\u{80}'..),
            _ => rng.char(' '..='~'),
        })
        .collect()
}

/// Mostly a small size, and now and then a large one.
pub(super) fn size(rng: &mut Rng) -> usize {
    match rng.u8(..100) {
        0 => SIZES[rng.usize(..6)],
        1..=9 => rng.usize(..3000),
        _ => rng.usize(..40),
    }
}

/// Inputs that are bytes and no more: nobody could run them.
pub(super) fn inputs() -> Vec<Inputs> {
    let mut rng = Rng::with_seed(7);
    let mut all: Vec<Inputs> = Vec::new();
    for size in SIZES {
        let [serializer, function, argument] = [(); 3].map(|()| bytes(&mut rng, size));
        all.push(Inputs { serializer, function, arguments: vec![argument] });
    }
    let counts = [0, 1, 2, 3, 255, 256, 257, 300].into_iter().map(|count| count..=count);
    for count in counts.chain((0..40).map(|_| 0..=300)) {
        let arguments = (0..rng.usize(count)).map(|_| some(&mut rng)).collect();
        all.push(Inputs { serializer: some(&mut rng), function: some(&mut rng), arguments });
    }
    all
}

fn some(rng: &mut Rng) -> Bytes {
    let size = size(rng);
    bytes(rng, size)
}
