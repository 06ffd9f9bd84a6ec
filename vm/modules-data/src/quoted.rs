//! Quoted-printable text, for `binascii`: what does not print is written as `=` and two digits.

/// A line has fewer characters than this, the mark of a soft break among them.
const MAXLINESIZE: usize = 76;

/// How text is to be quoted.
pub struct Style {
    /// Tabs and spaces are written as digits, too.
    pub tabs: bool,
    /// Line ends are kept as such.
    pub text: bool,
    /// Spaces become underscores, as in a header.
    pub header: bool,
}

struct Encoder {
    out: Vec<u8>,
    line: usize,
    crlf: bool,
}

impl Encoder {
    fn push_hex(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.out.extend([
            b'=',
            DIGITS[usize::from(byte >> 4)],
            DIGITS[usize::from(byte & 15)],
        ]);
    }

    fn push_line_end(&mut self) {
        if self.crlf {
            self.out.push(b'\r');
        }
        self.out.push(b'\n');
        self.line = 0;
    }

    fn break_softly(&mut self) {
        self.out.push(b'=');
        self.push_line_end();
    }
}

/// Whether a byte has to be written as digits where it stands.
fn must_quote(data: &[u8], at: usize, line: usize, style: &Style) -> bool {
    let byte = data[at];
    let next = data.get(at + 1).copied();
    match byte {
        127.. | b'=' => true,
        b'_' => style.header,
        // A dot alone on its line would end a message.
        b'.' => line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)),
        b'\r' | b'\n' => !style.text,
        b'\t' | b' ' => next.is_none() || byte < 33 && style.tabs,
        _ => byte < 33,
    }
}

/// `b2a_qp`.
pub fn encode(data: &[u8], style: &Style) -> Vec<u8> {
    let first_end = data.iter().position(|byte| *byte == b'\n');
    let mut encoder = Encoder {
        out: Vec::with_capacity(data.len()),
        line: 0,
        crlf: first_end.is_some_and(|end| end > 0 && data[end - 1] == b'\r'),
    };
    let mut at = 0;
    while at < data.len() {
        let byte = data[at];
        let next = data.get(at + 1).copied();
        if must_quote(data, at, encoder.line, style) {
            if encoder.line + 3 >= MAXLINESIZE {
                encoder.break_softly();
            }
            encoder.push_hex(byte);
            encoder.line += 3;
            at += 1;
        } else if style.text && (byte == b'\n' || byte == b'\r' && next == Some(b'\n')) {
            // White space at the end of a line would be lost.
            if let Some(last @ (b' ' | b'\t')) = encoder.out.last().copied() {
                encoder.out.pop();
                encoder.push_hex(last);
            }
            encoder.push_line_end();
            at += if byte == b'\r' { 2 } else { 1 };
        } else {
            if next.is_some_and(|next| next != b'\n') && encoder.line + 1 >= MAXLINESIZE {
                encoder.break_softly();
            }
            encoder.line += 1;
            encoder.out.push(if style.header && byte == b' ' {
                b'_'
            } else {
                byte
            });
            at += 1;
        }
    }
    encoder.out
}

/// `a2b_qp`.
pub fn decode(data: &[u8], header: bool) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        let byte = data[at];
        at += 1;
        if byte == b'_' && header {
            out.push(b' ');
            continue;
        }
        if byte != b'=' {
            out.push(byte);
            continue;
        }
        match data.get(at) {
            None => break,
            Some(b'\n' | b'\r') => {
                let end = data[at..].iter().position(|byte| *byte == b'\n');
                at = end.map_or(data.len(), |end| at + end + 1);
            }
            Some(b'=') => {
                out.push(b'=');
                at += 1;
            }
            first => match (digit(first), digit(data.get(at + 1))) {
                (Some(high), Some(low)) => {
                    out.push((high << 4 | low) as u8);
                    at += 2;
                }
                _ => out.push(b'='),
            },
        }
    }
    out
}
