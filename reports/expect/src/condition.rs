//! The conditions of an entry: versions of the subject, and platforms.

use std::fmt;
use std::str::FromStr;

/// What a subject is, as far as conditions ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The name by which records know it.
    pub subject: String,
    /// Its own version: `7.3.11`. Empty where it does not tell.
    pub version: String,
    /// The system and the processor: `linux-x86_64`.
    pub platform: String,
}

impl Standing {
    /// A subject of this name on the machine that this runs on.
    pub fn here(subject: &str, version: &str) -> Standing {
        Standing {
            subject: subject.to_owned(),
            version: version.to_owned(),
            platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
    Unequal,
}

/// The longer signs stand first, so that `>=` is not read as `>`.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    (">", Operator::Above),
    ("<", Operator::Below),
];

/// Versions that an entry speaks of: `>=7.3, <8`; all parts must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    text: String,
    parts: Vec<(Operator, Vec<u64>)>,
}

impl VersionRange {
    /// Whether a version is in the range; one that tells nothing of itself is in none.
    pub fn holds(&self, version: &str) -> bool {
        let Some(version) = numbers(version) else {
            return false;
        };
        self.parts.iter().all(|(operator, bound)| {
            // `==3.12` means every 3.12: only as many numbers count as the bound has.
            let is_within = version.iter().chain(std::iter::repeat(&0));
            let is_same = is_within.zip(bound).all(|(have, want)| have == want);
            let order = padded(&version).cmp(&padded(bound));
            match operator {
                Operator::AtLeast => order.is_ge(),
                Operator::Above => order.is_gt() && !is_same,
                Operator::AtMost => order.is_le() || is_same,
                Operator::Below => order.is_lt(),
                Operator::Equal => is_same,
                Operator::Unequal => !is_same,
            }
        })
    }
}

/// A version as five numbers, so that 3.12 and 3.12.0 are the same.
fn padded(version: &[u64]) -> [u64; 5] {
    let mut all = [0; 5];
    for (place, number) in all.iter_mut().zip(version) {
        *place = *number;
    }
    all
}

/// The numbers that a version begins with: 3.13.0 of `3.13.0rc1`.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let end = version
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .unwrap_or(version.len());
    let parts = version[..end].trim_end_matches('.').split('.');
    parts.map(|part| part.parse().ok()).collect()
}

impl FromStr for VersionRange {
    type Err = String;

    fn from_str(text: &str) -> Result<VersionRange, String> {
        let wrong = || format!("{text:?} is no range of versions; one looks like \">=7.3, <8\"");
        let mut parts = Vec::new();
        for part in text.split(',').map(str::trim) {
            let (sign, operator) = OPERATORS
                .into_iter()
                .find(|(sign, _)| part.starts_with(sign))
                .ok_or_else(wrong)?;
            let bound = part[sign.len()..].trim();
            let is_plain = bound
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
            let bound = numbers(bound).filter(|_| is_plain).ok_or_else(wrong)?;
            parts.push((operator, bound));
        }
        Ok(VersionRange {
            text: text.to_owned(),
            parts,
        })
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Whether a pattern with `*` covers a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(first) else {
        return false;
    };
    (0..=text.len())
        .filter(|at| text.is_char_boundary(*at))
        .any(|at| matches(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_ranges() {
        for (range, version, expected) in [
            (">=7.3, <8", "7.3.11", true),
            (">=7.3, <8", "8.0.0", false),
            (">=7.3", "7.2.9", false),
            ("==3.12", "3.12.4", true),
            ("==3.12", "3.13.0", false),
            ("!=3.12", "3.12.4", false),
            (">3.12", "3.12.4", false),
            ("<=3.12", "3.12.4", true),
            (">=3.13", "3.13.0rc1", true),
            (">=3.10", "3.9.18", false),
            (">=3", "", false),
        ] {
            let read: VersionRange = range.parse().expect(range);
            assert_eq!(read.holds(version), expected, "{range} on {version}");
        }
        for wrong in ["7.3", "~=7.3", ">=x", ">=7.3 <8", ""] {
            assert!(wrong.parse::<VersionRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("dict/insert", "dict/insert", true),
            ("dict/insert", "dict/insert_more", false),
            ("pickle/*", "pickle/basic", true),
            ("pickle/*", "re/basic", false),
            ("*/x*y", "a/xxyy", true),
            ("a*b*", "acbd", true),
            ("a*b", "acbd", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
