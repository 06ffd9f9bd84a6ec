//! The position table of a code object: lines and columns of each instruction.

/// Line, end line, column and end column of an instruction; -1 where the table says nothing.
pub type Span = (i32, i32, i32, i32);

/// Finds the span of the instruction at a byte offset.
pub fn span_at(table: &[u8], first_line: i32, offset: i32) -> Span {
    let mut line = first_line;
    let mut end = 0;
    let mut reader = Reader { table, at: 0 };
    while let Some(first) = reader.byte() {
        let kind = first >> 3 & 15;
        let span = reader.entry(kind, &mut line);
        end += (i32::from(first & 7) + 1) * 2;
        if offset < end {
            return span;
        }
    }
    (-1, -1, -1, -1)
}

struct Reader<'a> {
    table: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.table.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn number(&mut self) -> i32 {
        let mut value = 0_u32;
        let mut shift = 0;
        while let Some(byte) = self.byte() {
            value |= u32::from(byte & 63) << shift;
            shift += 6;
            if byte & 64 == 0 || shift > 30 {
                break;
            }
        }
        value as i32
    }

    fn signed(&mut self) -> i32 {
        let value = self.number() as u32;
        if value & 1 != 0 {
            -((value >> 1) as i32)
        } else {
            (value >> 1) as i32
        }
    }

    fn entry(&mut self, kind: u8, line: &mut i32) -> Span {
        match kind {
            15 => (-1, -1, -1, -1),
            14 => {
                *line += self.signed();
                let end_line = *line + self.number();
                (*line, end_line, self.number() - 1, self.number() - 1)
            }
            13 => {
                *line += self.signed();
                (*line, *line, -1, -1)
            }
            10..=12 => {
                *line += i32::from(kind) - 10;
                let column = self.byte().unwrap_or(0);
                (
                    *line,
                    *line,
                    i32::from(column),
                    i32::from(self.byte().unwrap_or(0)),
                )
            }
            short => {
                let second = self.byte().unwrap_or(0);
                let column = i32::from(short) << 3 | i32::from(second >> 4);
                (*line, *line, column, column + i32::from(second & 15))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &[u8], first_line: i32, offset: i32, expected: Span) {
        assert_eq!(span_at(table, first_line, offset), expected);
    }

    #[test]
    fn short_form_gives_columns_on_the_same_line() {
        check(&[0x80, 0x23], 7, 0, (7, 7, 2, 5));
    }

    #[test]
    fn one_line_form_moves_the_line() {
        check(&[0x80 | 12 << 3, 4, 9], 1, 0, (3, 3, 4, 9));
    }

    #[test]
    fn long_form_spans_lines() {
        check(&[0x80 | 14 << 3, 2, 1, 5, 8], 10, 0, (11, 12, 4, 7));
    }

    #[test]
    fn offset_behind_the_first_entry_finds_the_second() {
        check(&[0x81, 0x23, 0x80 | 15 << 3], 1, 4, (-1, -1, -1, -1));
    }

    #[test]
    fn an_offset_behind_the_table_has_no_place() {
        check(&[0x80, 0x23], 1, 40, (-1, -1, -1, -1));
    }
}
