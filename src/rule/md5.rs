//! MD5 (RFC 1321) of messages of one block: of one, or of up to eight side by side.
//!
//! Each of MD5's 64 steps needs the result of the one before, so one message leaves most of a processor
//! idle, however wide it is. Messages that are there together don't wait for each other. Eight are
//! hashed by the vector instructions that every x86-64 (SSE2) and every aarch64 (NEON) has: four to a
//! vector, and two vectors in turn, because one alone would again be a chain with nothing beside it. A
//! message then takes a quarter of the time that it takes alone.
//!
//! The vectors are those of the wide crate. A loop over the lanes of plain arrays is as fast where the
//! compiler makes vectors of it, but it did so in one build and not in the next, without a word.

use std::array::from_fn;
use std::ops::{BitAnd, BitOr, BitXor, Not};

use wide::{u32x4, u32x8};

use super::block::Short;

/// How many messages are hashed side by side. With four a message takes nearly twice as long; sixteen
/// are no faster than eight, and seldom there together.
pub(super) const LANES: usize = 8;

/// One word of each message.
type Row = [u32; LANES];

/// RFC 1321, section 3.3.
const INITIAL: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The digest of one message.
pub(super) fn digest(message: Short<'_>) -> [u8; 16] {
    to_bytes(compress(&words(message)))
}

fn words(message: Short<'_>) -> [u32; 16] {
    let mut block = [0; 64];
    message.pad(u64::to_le_bytes, &mut block);
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

/// Up to [`LANES`] messages, and then their digests.
pub(super) struct Lanes {
    /// The sixteen words of the messages. Those that go through a step together stand side by side.
    words: [Row; 16],
}

impl Lanes {
    /// Lanes without messages.
    pub(super) const fn new() -> Self {
        let words = [[0; LANES]; 16];
        Self { words }
    }

    /// Puts a message into a lane, instead of the one that was there.
    pub(super) fn put(&mut self, lane: usize, message: Short<'_>) {
        for (row, word) in self.words.iter_mut().zip(words(message)) {
            if let Some(place) = row.get_mut(lane) {
                *place = word;
            }
        }
    }

    /// The digests of the messages in the first `count` lanes, and something in the places behind them.
    pub(super) fn digests(&self, count: usize) -> [[u8; 16]; LANES] {
        let state = match count {
            0 => return [[0; 16]; LANES],
            1 => self.hash(|[word, ..]| word, |word| [word; LANES]),
            // One vector takes less time than two, if not half of it.
            2..=4 => self.hash(
                |[a, b, c, d, ..]| u32x4::from([a, b, c, d]),
                |words| {
                    let [a, b, c, d] = words.to_array();
                    [a, b, c, d, 0, 0, 0, 0]
                },
            ),
            _ => self.hash(u32x8::from, u32x8::to_array),
        };
        from_fn(|lane| to_bytes(state.map(|row| row.get(lane).copied().unwrap_or_default())))
    }

    /// Hashes as many messages as a word takes from each row.
    fn hash<W: Word>(&self, take: impl Fn(Row) -> W, give: impl Fn(W) -> Row) -> [Row; 4] {
        compress(&self.words.map(take)).map(give)
    }
}

/// The digest: A, B, C and D in little-endian order (RFC 1321, section 3.5).
fn to_bytes(state: [u32; 4]) -> [u8; 16] {
    let mut digest = [0; 16];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_le_bytes();
    }
    digest
}

/// A word of one message, or the same word of several.
trait Word:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    /// The word in each message.
    fn each(word: u32) -> Self;

    /// The sum modulo 2³².
    fn plus(self, other: Self) -> Self;

    /// What the RFC writes as `X <<< s`; `bits` is from 1 to 31.
    fn rotate_left(self, bits: u32) -> Self;
}

impl Word for u32 {
    fn each(word: u32) -> Self {
        word
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn rotate_left(self, bits: u32) -> Self {
        self.rotate_left(bits)
    }
}

/// Vectors, whose operators are those of their numbers, and whose sums wrap.
macro_rules! impl_word_for_vectors {
    ($($vector:ty)*) => {
        $(impl Word for $vector {
            fn each(word: u32) -> Self {
                Self::splat(word)
            }

            fn plus(self, other: Self) -> Self {
                self + other
            }

            fn rotate_left(self, bits: u32) -> Self {
                (self << bits) | (self >> (u32::BITS - bits))
            }
        })*
    };
}

impl_word_for_vectors!(u32x4 u32x8);

/// RFC 1321, section 3.4: the 64 steps for the only block of each message.
///
/// A line is one of the RFC's tables: four steps, with the words that they take of the message and
/// their constants T\[i\], the first 32 bits of |sin i| behind the point.
#[rustfmt::skip]
fn compress<W: Word>(m: &[W; 16]) -> [W; 4] {
    let s = INITIAL.map(W::each);

    let s = four_steps(s, f, [7, 12, 17, 22], [m[0],  m[1],  m[2],  m[3]],  [0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee]);
    let s = four_steps(s, f, [7, 12, 17, 22], [m[4],  m[5],  m[6],  m[7]],  [0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501]);
    let s = four_steps(s, f, [7, 12, 17, 22], [m[8],  m[9],  m[10], m[11]], [0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be]);
    let s = four_steps(s, f, [7, 12, 17, 22], [m[12], m[13], m[14], m[15]], [0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821]);

    let s = four_steps(s, g, [5, 9, 14, 20], [m[1],  m[6],  m[11], m[0]],  [0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa]);
    let s = four_steps(s, g, [5, 9, 14, 20], [m[5],  m[10], m[15], m[4]],  [0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8]);
    let s = four_steps(s, g, [5, 9, 14, 20], [m[9],  m[14], m[3],  m[8]],  [0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed]);
    let s = four_steps(s, g, [5, 9, 14, 20], [m[13], m[2],  m[7],  m[12]], [0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a]);

    let s = four_steps(s, h, [4, 11, 16, 23], [m[5],  m[8],  m[11], m[14]], [0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c]);
    let s = four_steps(s, h, [4, 11, 16, 23], [m[1],  m[4],  m[7],  m[10]], [0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70]);
    let s = four_steps(s, h, [4, 11, 16, 23], [m[13], m[0],  m[3],  m[6]],  [0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05]);
    let s = four_steps(s, h, [4, 11, 16, 23], [m[9],  m[12], m[15], m[2]],  [0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665]);

    let s = four_steps(s, i, [6, 10, 15, 21], [m[0],  m[7],  m[14], m[5]],  [0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039]);
    let s = four_steps(s, i, [6, 10, 15, 21], [m[12], m[3],  m[10], m[1]],  [0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1]);
    let s = four_steps(s, i, [6, 10, 15, 21], [m[8],  m[15], m[6],  m[13]], [0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1]);
    let s = four_steps(s, i, [6, 10, 15, 21], [m[4],  m[11], m[2],  m[9]],  [0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391]);

    let mut sums = s;
    for (sum, initial) in sums.iter_mut().zip(INITIAL) {
        *sum = sum.plus(W::each(initial));
    }
    sums
}

/// One line, `[ABCD k s i]  [DABC k s i]  [CDAB k s i]  [BCDA k s i]`, of which each step makes
/// `a = b + ((a + mix(b, c, d) + X[k] + T[i]) <<< s)`.
#[expect(
    clippy::inline_always,
    reason = "sixteen calls of it are a fifth of the whole"
)]
#[inline(always)]
fn four_steps<W: Word>(
    [a, b, c, d]: [W; 4],
    mix: impl Fn(W, W, W) -> W,
    [s0, s1, s2, s3]: [u32; 4],
    [x0, x1, x2, x3]: [W; 4],
    [t0, t1, t2, t3]: [u32; 4],
) -> [W; 4] {
    // What has been known for long comes first, the newest word, `b`, last.
    let step = |a: W, b: W, c: W, d: W, s, x, t| {
        let sum = a.plus(x).plus(W::each(t)).plus(mix(b, c, d));
        sum.rotate_left(s).plus(b)
    };
    let a = step(a, b, c, d, s0, x0, t0);
    let d = step(d, a, b, c, s1, x1, t1);
    let c = step(c, d, a, b, s2, x2, t2);
    let b = step(b, c, d, a, s3, x3, t3);
    [a, b, c, d]
}

/// `b` chooses between `c` and `d`: the RFC's `(b & c) | (!b & d)`, in one operation less.
fn f<W: Word>(b: W, c: W, d: W) -> W {
    d ^ (b & (c ^ d))
}

/// `d` chooses between `b` and `c`. The sides have no bit in common, so they can be added, and the one
/// without `b`, the newest word, is there before `b` is.
fn g<W: Word>(b: W, c: W, d: W) -> W {
    (c & !d).plus(b & d)
}

fn h<W: Word>(b: W, c: W, d: W) -> W {
    b ^ (c ^ d)
}

fn i<W: Word>(b: W, c: W, d: W) -> W {
    c ^ (b | !d)
}
