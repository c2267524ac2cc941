//! Whether a digest is divisible by a number, written twice: as it is defined, and fast.
//!
//! The definition builds the integer that the digest spells, which allocates. Ownership is asked at
//! every request, so requests take [`remainder`]; tests hold the two against each other.

use std::num::NonZeroU32;

use num_bigint::BigUint;

/// The definition: the digest, read as one big-endian integer without a sign, is a multiple of
/// `divisor`.
pub fn divisible_by_definition(digest: &[u8], divisor: NonZeroU32) -> bool {
    BigUint::from_bytes_be(digest) % divisor.get() == BigUint::ZERO
}

/// What is left of the same integer after division by `divisor`, without building the integer:
/// long division, with limbs of four bytes for digits. It is below `divisor`.
///
/// There is one division by the processor, of a number that does not depend on the digest. Each limb is
/// divided by multiplying with its result, as Barrett does ("Implementing the Rivest Shamir and Adleman
/// Public Key Encryption Algorithm on a Standard Digital Signal Processor", 1986). Five divisions that
/// wait for each other would be a tenth of the time in which the owners of many keys are found.
pub fn remainder(digest: &[u8], divisor: NonZeroU32) -> u64 {
    let divisor = u64::from(divisor.get());
    let reciprocal = u64::MAX / divisor;
    let reduce = |number: u64| {
        let product = u128::from(number) * u128::from(reciprocal);
        // The quotient or, since the reciprocal is rounded down, one less than it.
        let quotient = (product >> 64) as u64;
        let rest = number - quotient * divisor;
        // Without a jump, which nobody could foresee.
        rest.min(rest.wrapping_sub(divisor))
    };
    let (limbs, bytes) = digest.as_chunks::<4>();
    // What is left is below 2^32 and a limb has 32 bits, so both fit 64.
    let rest = limbs.iter().fold(0, |rest, limb| {
        reduce((rest << 32) | u64::from(u32::from_be_bytes(*limb)))
    });
    bytes
        .iter()
        .fold(rest, |rest, byte| reduce((rest << 8) | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Digests of all three lengths.
    fn digest() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            vec(any::<u8>(), 16),
            vec(any::<u8>(), 20),
            vec(any::<u8>(), 32)
        ]
    }

    /// Divisors of every size: drawn evenly from 1..2³² nearly all of them would have ten digits.
    fn divisor() -> impl Strategy<Value = NonZeroU32> {
        let any_size = (1..=u32::MAX, 0..32_u32).prop_map(|(number, shift)| number >> shift);
        any_size.prop_filter_map("zero", NonZeroU32::new)
    }

    /// The digest with its last bytes changed so that the divisor divides it.
    fn made_divisible(digest: &[u8], divisor: NonZeroU32) -> Vec<u8> {
        let number = BigUint::from_bytes_be(digest);
        let multiple = &number - &number % divisor.get();
        let bytes = multiple.to_bytes_be();
        let mut padded = vec![0; digest.len() - bytes.len()];
        padded.extend(bytes);
        padded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_fast_way_agrees_with_the_definition(digest in digest(), divisor in divisor()) {
            let number = BigUint::from_bytes_be(&digest);
            prop_assert_eq!(BigUint::from(remainder(&digest, divisor)), number % divisor.get());
            prop_assert_eq!(
                remainder(&digest, divisor) == 0,
                divisible_by_definition(&digest, divisor)
            );
        }

        #[test]
        fn multiples_are_recognised(digest in digest(), divisor in divisor()) {
            let multiple = made_divisible(&digest, divisor);
            prop_assert!(divisible_by_definition(&multiple, divisor));
            prop_assert_eq!(remainder(&multiple, divisor), 0);
        }
    }

    #[test]
    fn the_extremes_do_not_overflow() {
        for length in [0, 1, 3, 16, 20, 32] {
            for divisor in [1, 2, 3, u32::MAX - 1, u32::MAX] {
                let divisor = NonZeroU32::new(divisor).unwrap();
                let digest = vec![0xff; length];
                let expected = BigUint::from_bytes_be(&digest) % divisor.get();
                assert_eq!(BigUint::from(remainder(&digest, divisor)), expected);
            }
        }
    }
}
