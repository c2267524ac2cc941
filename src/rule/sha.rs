//! SHA-1 and SHA-256 (FIPS 180-4) of messages of one block, once they are padded with their length in
//! big-endian order.
//!
//! The compression functions are those of the sha1 and sha2 crates, which use a processor's
//! instructions for them where there are any. What is spared is the buffering for messages that come
//! in parts, a fifth of the time of a SHA-1.

use super::block::{Block, Short};

/// FIPS 180-4, section 5.3.1.
const SHA1_INITIAL: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

/// FIPS 180-4, section 5.3.3.
const SHA256_INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The message's only block.
pub(super) fn padded(message: Short<'_>) -> Block {
    let mut block = [0; 64];
    message.pad(u64::to_be_bytes, &mut block);
    block
}

/// The SHA-1 of one message.
pub(super) fn sha1(block: &Block) -> [u8; 20] {
    let mut state = SHA1_INITIAL;
    sha1::block_api::compress(&mut state, std::slice::from_ref(block));
    let mut digest = [0; 20];
    write(&state, &mut digest);
    digest
}

/// The SHA-256 of one message.
pub(super) fn sha256(block: &Block) -> [u8; 32] {
    let mut state = SHA256_INITIAL;
    sha2::block_api::compress256(&mut state, std::slice::from_ref(block));
    let mut digest = [0; 32];
    write(&state, &mut digest);
    digest
}

/// The state's words one after the other, in big-endian order.
fn write(state: &[u32], digest: &mut [u8]) {
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
}
