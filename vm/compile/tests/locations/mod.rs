//! Reads location tables the plain way: start line and column of every code unit.

use twinheap_compile::code::CodeObject;

/// `line:column` for every code unit, with `None` for what is absent.
pub fn places(code: &CodeObject) -> Vec<String> {
    let mut bytes = code.linetable.iter().map(|byte| i32::from(*byte));
    let mut line = code.firstlineno;
    let mut out = Vec::new();
    while let Some(first) = bytes.next() {
        let mut number = || {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = bytes.next().expect("a byte of a number");
                value |= (byte & 63) << shift;
                shift += 6;
                if byte & 64 == 0 {
                    return value;
                }
            }
        };
        let signed = |value: i32| {
            if value & 1 == 1 {
                -(value >> 1)
            } else {
                value >> 1
            }
        };
        let place = match first >> 3 & 15 {
            15 => "None:None".to_string(),
            14 => {
                line += signed(number());
                number();
                let column = number();
                number();
                let column = if column == 0 {
                    "None".into()
                } else {
                    (column - 1).to_string()
                };
                format!("{line}:{column}")
            }
            13 => {
                line += signed(number());
                format!("{line}:None")
            }
            code @ 10..=12 => {
                line += code - 10;
                let column = bytes.next().expect("a column");
                bytes.next();
                format!("{line}:{column}")
            }
            code => format!(
                "{line}:{}",
                code << 3 | bytes.next().expect("a column") >> 4
            ),
        };
        out.extend(std::iter::repeat_n(place, (first & 7) as usize + 1));
    }
    out
}
