//! Moments as requests give them: in seconds or milliseconds, from now on or since 1970.

use super::Error;
use super::keys::parse_number;
use crate::store::{Deadline, Store};

/// How a number is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    ms_per_unit: i64,
    is_from_now: bool,
}

/// Seconds from now on: `EX`, `EXPIRE`.
pub(super) const SECONDS: Scale = scale(1000, true);
/// Milliseconds from now on: `PX`, `PEXPIRE`.
pub(super) const MILLISECONDS: Scale = scale(1, true);
/// Seconds since 1970: `EXAT`, `EXPIREAT`.
pub(super) const UNIX_SECONDS: Scale = scale(1000, false);
/// Milliseconds since 1970: `PXAT`, `PEXPIREAT`.
pub(super) const UNIX_MILLISECONDS: Scale = scale(1, false);

const fn scale(ms_per_unit: i64, is_from_now: bool) -> Scale {
    Scale {
        ms_per_unit,
        is_from_now,
    }
}

impl Scale {
    /// The scale of an option of `SET` or `GETEX`.
    pub(super) fn of_option(word: &[u8]) -> Option<Self> {
        let options: [(&[u8], Self); 4] = [
            (b"ex", SECONDS),
            (b"px", MILLISECONDS),
            (b"exat", UNIX_SECONDS),
            (b"pxat", UNIX_MILLISECONDS),
        ];
        let option = options
            .iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name));
        option.map(|(_, scale)| *scale)
    }

    /// The moment, in milliseconds since 1970, which may be long past. `command` is told in the error.
    pub(super) fn moment(self, word: &[u8], store: &Store, command: &str) -> Result<i64, Error> {
        let number: i64 = parse_number(word)?;
        let ms = number.checked_mul(self.ms_per_unit);
        let now = if self.is_from_now {
            i64::try_from(store.now_unix_ms()).unwrap_or(i64::MAX)
        } else {
            0
        };
        ms.and_then(|ms| ms.checked_add(now))
            .filter(|ms| *ms < 1 || deadline(*ms).is_some())
            .ok_or_else(|| Error::invalid_expiry(command))
    }

    /// The deadline that a number sets which has to be positive. `command` is told in the error.
    pub(super) fn deadline(
        self,
        word: &[u8],
        store: &Store,
        command: &str,
    ) -> Result<Deadline, Error> {
        if parse_number::<i64>(word)? < 1 {
            return Err(Error::invalid_expiry(command));
        }
        let ms = self.moment(word, store, command)?;
        deadline(ms).ok_or_else(|| Error::invalid_expiry(command))
    }
}

/// The deadline at a moment that is not before 1970.
pub(super) fn deadline(unix_ms: i64) -> Option<Deadline> {
    Store::deadline(u64::try_from(unix_ms).ok()?)
}
