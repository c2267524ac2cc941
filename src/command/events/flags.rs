//! The letters of `notify-keyspace-events`.

use std::fmt;
use std::ops::BitOr;

/// A set of kinds of events, and of the two forms in which subscribers are told: the setting
/// `notify-keyspace-events`, in which each has a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventFlags(u16);

impl EventFlags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// `g`: what all types have, such as `del`.
    pub const GENERIC: Self = Self(1);
    /// `$`: strings.
    pub const STRING: Self = Self(1 << 1);
    /// `l`: lists.
    pub const LIST: Self = Self(1 << 2);
    /// `s`: sets.
    pub const SET: Self = Self(1 << 3);
    /// `h`: hashes.
    pub const HASH: Self = Self(1 << 4);
    /// `z`: sorted sets.
    pub const SORTED_SET: Self = Self(1 << 5);
    /// `x`: a key's time is over.
    pub const EXPIRED: Self = Self(1 << 6);
    /// `e`: a key had to make room.
    pub const EVICTED: Self = Self(1 << 7);
    /// `t`: streams.
    pub const STREAM: Self = Self(1 << 8);
    /// `d`: types of modules.
    pub const MODULE: Self = Self(1 << 9);
    /// `n`: a key that was not there is there now. Not in `A`.
    pub const NEW: Self = Self(1 << 10);
    /// `K`: tell in channels that are named after the keys.
    pub const KEYSPACE: Self = Self(1 << 11);
    /// `E`: tell in channels that are named after the events.
    pub const KEYEVENT: Self = Self(1 << 12);
    /// `m`: somebody asked for a key that is not there. Not in `A`.
    pub const KEY_MISS: Self = Self(1 << 13);
    /// `A`: the ten kinds from `g` to `d`.
    pub const ALL: Self = Self((1 << 10) - 1);

    /// Each letter, in the order in which Redis shows them.
    const LETTERS: [(char, Self); 14] = [
        ('g', Self::GENERIC),
        ('$', Self::STRING),
        ('l', Self::LIST),
        ('s', Self::SET),
        ('h', Self::HASH),
        ('z', Self::SORTED_SET),
        ('x', Self::EXPIRED),
        ('e', Self::EVICTED),
        ('t', Self::STREAM),
        ('d', Self::MODULE),
        ('n', Self::NEW),
        ('K', Self::KEYSPACE),
        ('E', Self::KEYEVENT),
        ('m', Self::KEY_MISS),
    ];

    /// Reads the letters; none if one of them is no letter of these, nor `A`.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        let mut flags = Self::NONE;
        for letter in letters {
            let letter = char::from(*letter);
            let known = Self::LETTERS.iter().find(|(known, _)| *known == letter);
            flags = flags
                | match known {
                    Some((_, flag)) => *flag,
                    None if letter == 'A' => Self::ALL,
                    None => return None,
                };
        }
        Some(flags)
    }

    /// Each letter, none of them summed up as `A`: as one node tells another.
    pub fn letters(self) -> String {
        let mine = Self::LETTERS.iter().filter(|(_, flag)| self.has(*flag));
        mine.map(|(letter, _)| letter).collect()
    }

    /// Whether something is in both.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether somebody can be told of something: there is a kind of events, and a form.
    pub fn tells(self) -> bool {
        let forms = Self::KEYSPACE | Self::KEYEVENT;
        self.has(forms) && self.0 & !forms.0 != 0
    }
}

impl BitOr for EventFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// As `CONFIG GET` shows it. Like Redis 7.0 it passes over `n` where there is `A`.
impl fmt::Display for EventFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_all = self.0 & Self::ALL.0 == Self::ALL.0;
        if has_all {
            f.write_str("A")?;
        }
        let summed_up = Self::ALL | Self::NEW;
        for (letter, flag) in Self::LETTERS {
            if self.has(flag) && !(has_all && summed_up.has(flag)) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(letters: &str) -> Option<String> {
        EventFlags::parse(letters.as_bytes()).map(|flags| flags.to_string())
    }

    /// What redis-server 7.0 shows after these were set.
    #[test]
    fn letters_are_read_and_shown_as_redis_does() {
        for (set, told) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Kg", "gK"),
            ("K$m", "$Km"),
            ("Kn", "nK"),
            ("KEAmn", "AKEm"),
            ("g$lshzxetd", "A"),
            ("g$lshzxet", "g$lshzxet"),
            ("KEtd", "tdKE"),
            ("nmKE", "nKEm"),
            ("mKx", "xKm"),
            ("KKK", "K"),
        ] {
            assert_eq!(shown(set).as_deref(), Some(told), "{set}");
        }
        for unknown in ["klm", "a", "K E", "xyz"] {
            assert_eq!(shown(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn what_one_node_tells_another_loses_nothing() {
        for letters in ["", "KEAmn", "K$", "En"] {
            let flags = EventFlags::parse(letters.as_bytes()).unwrap();
            assert_eq!(EventFlags::parse(flags.letters().as_bytes()), Some(flags));
        }
    }

    #[test]
    fn a_form_without_a_kind_tells_nothing_and_no_more_a_kind_without_a_form() {
        for (letters, tells) in [("K", false), ("E", false), ("A", false), ("Kg", true)] {
            let flags = EventFlags::parse(letters.as_bytes()).unwrap();
            assert_eq!(flags.tells(), tells, "{letters}");
        }
    }
}
