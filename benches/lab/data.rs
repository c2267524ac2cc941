//! Keys and values: random to look at, and the same in every run.

/// The bytes of a key.
pub(crate) const KEY_BYTES: usize = 16;
/// The bytes of a value.
pub(crate) const VALUE_BYTES: usize = 64;

/// A key: letters and digits.
pub(crate) type Key = [u8; KEY_BYTES];
/// A value: printable ASCII, quotes and backslashes included, which JSON has to escape.
pub(crate) type Value = [u8; VALUE_BYTES];

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PRINTABLE_FIRST: u8 = b' ';
const PRINTABLE_COUNT: u8 = 95;

/// So many keys of those that are `wanted`.
pub(crate) fn keys(count: usize, wanted: impl Fn(&[u8]) -> bool) -> Vec<Key> {
    let mut random = Random(0);
    std::iter::repeat_with(|| key(&mut random))
        .filter(|key| wanted(key))
        .take(count)
        .collect()
}

/// The value of a key: another one for each `version`.
pub(crate) fn value(key: &Key, version: u64) -> Value {
    let folded = u128::from_be_bytes(*key) % u128::from(u64::MAX);
    let mut random = Random(u64::try_from(folded).unwrap_or_default() ^ version);
    let mut value = [0; VALUE_BYTES];
    random.fill(&mut value, |byte| {
        PRINTABLE_FIRST + scale(byte, PRINTABLE_COUNT)
    });
    value
}

fn key(random: &mut Random) -> Key {
    let mut key = [0; KEY_BYTES];
    random.fill(&mut key, |byte| {
        let place = usize::from(scale(byte, 62));
        LETTERS_AND_DIGITS.get(place).copied().unwrap_or_default()
    });
    key
}

/// From 0..256 to 0..count, nearly evenly.
fn scale(byte: u8, count: u8) -> u8 {
    u8::try_from(u16::from(byte) * u16::from(count) / 256).unwrap_or_default()
}

/// `SplitMix64` (Steele, Lea, Flood 2014): fast, and a number is enough to begin anywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, nearly evenly.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let scaled = (u128::from(self.next()) * end as u128) >> 64;
        usize::try_from(scaled).unwrap_or_default()
    }

    fn fill(&mut self, place: &mut [u8], byte: impl Fn(u8) -> u8) {
        for chunk in place.chunks_mut(8) {
            for (place, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *place = byte(random);
            }
        }
    }
}
