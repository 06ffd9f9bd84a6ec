//! Marshal data without what depends on who else holds its objects: references resolved, sets in one order.

/// Deeper or longer data are left as they are.
const DEEPEST: u32 = 200;
const LONGEST: usize = 1 << 20;

struct Reader<'a> {
    rest: &'a [u8],
    known: Vec<Vec<u8>>,
}

/// A form that is equal for equal values; the bytes themselves where they are no such data.
pub fn canonical(bytes: &[u8]) -> Vec<u8> {
    let mut reader = Reader {
        rest: bytes,
        known: Vec::new(),
    };
    reader.value(0).unwrap_or_else(|| bytes.to_vec())
}

impl Reader<'_> {
    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken.to_vec())
    }

    fn number(&mut self) -> Option<usize> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    }

    fn value(&mut self, depth: u32) -> Option<Vec<u8>> {
        if depth > DEEPEST {
            return None;
        }
        let byte = self.take(1)?[0];
        let kind = byte & 0x7f;
        if kind == b'r' {
            let number = self.number()?;
            return self.known.get(number).cloned();
        }
        let slot = (byte & 0x80 != 0).then(|| {
            self.known.push(Vec::new());
            self.known.len() - 1
        });
        let mut made = vec![kind];
        match kind {
            b'N' | b'T' | b'F' | b'.' | b'S' => {}
            b'i' => made.extend(self.take(4)?),
            b'g' => made.extend(self.take(8)?),
            b'y' => made.extend(self.take(16)?),
            b'l' => {
                let count = self.number()? as i32;
                made.extend(count.to_le_bytes());
                made.extend(self.take(2 * count.unsigned_abs() as usize)?);
            }
            b'z' | b'Z' | b'a' | b'A' | b'u' | b't' | b's' => {
                let count = match kind {
                    b'z' | b'Z' => usize::from(self.take(1)?[0]),
                    _ => self.number()?,
                };
                // Whether a text is interned may depend on the process as well.
                made[0] = if kind == b's' { b's' } else { b'u' };
                made.extend((count as u32).to_le_bytes());
                made.extend(self.take(count)?);
            }
            b')' | b'(' | b'>' => {
                let count = match kind {
                    b')' => usize::from(self.take(1)?[0]),
                    _ => self.number()?,
                };
                let mut items = Vec::new();
                for _ in 0..count {
                    items.push(self.value(depth + 1)?);
                }
                if kind == b'>' {
                    items.sort();
                }
                made[0] = if kind == b'>' { b'>' } else { b'(' };
                made.extend((count as u32).to_le_bytes());
                made.extend(items.concat());
            }
            b'c' => {
                made.extend(self.take(20)?);
                for _ in 0..8 {
                    made.extend(self.value(depth + 1)?);
                }
                made.extend(self.take(4)?);
                made.extend(self.value(depth + 1)?);
                made.extend(self.value(depth + 1)?);
            }
            _ => return None,
        }
        if made.len() > LONGEST {
            return None;
        }
        if let Some(slot) = slot {
            self.known[slot] = made.clone();
        }
        Some(made)
    }
}
