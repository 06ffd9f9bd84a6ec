//! Every kernel against facts recorded from CPython 3.11 (`tests/facts/generate.py` prints them).

use twinheap_arith::digits::{self, BitOperation, Integer, ParseIntError};
use twinheap_arith::float;
use twinheap_arith::format_spec::{self, SpecError};
use twinheap_arith::hash::{self, FrozensetHash, HashSecret, TupleHash};

fn integer(text: &str) -> Integer {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let text = text.strip_prefix("0x").expect("a hexadecimal number");
    let mut digits = Vec::new();
    let bits: Vec<u32> = text
        .chars()
        .rev()
        .flat_map(|c| (0..4).map(move |i| c.to_digit(16).unwrap() >> i & 1))
        .collect();
    for chunk in bits.chunks(30) {
        digits.push(
            chunk
                .iter()
                .enumerate()
                .map(|(index, bit)| bit << index)
                .sum(),
        );
    }
    Integer::new(negative, digits)
}

fn hex(number: &Integer) -> String {
    let sign = if number.negative { "-" } else { "" };
    format!(
        "{sign}0x{}",
        digits::to_power_of_two_base(&number.digits, 4)
    )
}

fn double(text: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(text, 16).expect("the bits of a double"))
}

fn bits(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}

fn unescape(text: &str) -> String {
    let pairs = [
        ("\\n", "\n"),
        ("\\t", "\t"),
        ("\\r", "\r"),
        ("\\f", "\x0c"),
        ("\\v", "\x0b"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn spec_of(text: &str, kind: u8, align: u8) -> Result<format_spec::FormatSpec, SpecError> {
    let points: Vec<u32> = text.chars().map(u32::from).collect();
    format_spec::parse(&points, kind, align, |c| char::from_u32(c)?.to_digit(10))
}

fn render(field: &format_spec::Field) -> String {
    assert_eq!(field.code_points().count(), field.length());
    field.code_points().filter_map(char::from_u32).collect()
}

fn add(a: &Integer, b: &Integer) -> Integer {
    let (long, short) = match digits::compare(&a.digits, &b.digits) {
        std::cmp::Ordering::Less => (b, a),
        _ => (a, b),
    };
    if a.negative == b.negative {
        let mut out = vec![0; long.digits.len() + 1];
        digits::add_into(&mut out, &long.digits, &short.digits);
        return Integer::new(a.negative, out);
    }
    let mut out = vec![0; long.digits.len()];
    digits::subtract_into(&mut out, &long.digits, &short.digits);
    Integer::new(long.negative, out)
}

fn integer_operation(name: &str, a: &str, rest: &[&str]) -> Option<String> {
    let a = integer(a);
    let b = || integer(rest[0]);
    let count = || rest[0].parse::<usize>().expect("a count");
    Some(match name {
        "add" => hex(&add(&a, &b())),
        "and" => hex(&digits::bitwise(
            BitOperation::And,
            a.borrow(),
            b().borrow(),
        )),
        "or" => hex(&digits::bitwise(BitOperation::Or, a.borrow(), b().borrow())),
        "xor" => hex(&digits::bitwise(
            BitOperation::Xor,
            a.borrow(),
            b().borrow(),
        )),
        "mul" => hex(&Integer::new(
            a.negative != b().negative,
            digits::multiply(&a.digits, &b().digits),
        )),
        "gcd" => hex(&Integer::new(false, digits::gcd(&a.digits, &b().digits))),
        "floordiv" => hex(&digits::floor_divmod(a.borrow(), b().borrow()).0),
        "mod" => hex(&digits::floor_divmod(a.borrow(), b().borrow()).1),
        "truediv" => {
            digits::true_divide(a.borrow(), b().borrow()).map_or("overflow".to_owned(), bits)
        }
        "powmod" => digits::modular_power(a.borrow(), b().borrow(), integer(rest[1]).borrow())
            .map_or("none".to_owned(), |result| hex(&result)),
        "hash_long" => hash::hash_long(a.borrow()).to_string(),
        "decimal" => digits::to_decimal(a.borrow(), 0).expect("no limit"),
        "bit_length" => digits::bit_length(&a.digits).to_string(),
        "bit_count" => digits::bit_count(&a.digits).to_string(),
        "to_f64" => bits(digits::to_f64(a.borrow()).expect("a double")),
        "rshift" => hex(&digits::shift_right_floor(a.borrow(), count())),
        "lshift" => hex(&Integer::new(
            a.negative,
            digits::shift_left(&a.digits, count()),
        )),
        "isqrt" => hex(&Integer::new(false, digits::isqrt(&a.digits))),
        "compare" => format!(
            "{}",
            digits::compare_with_f64(a.borrow(), double(rest[0])).expect("no nan") as i8
        ),
        "to_bytes" => {
            let mut out = vec![0; count()];
            digits::to_bytes(a.borrow(), &mut out, false, true).expect("enough bytes");
            assert_eq!(digits::from_bytes(&out, false, true), a);
            out.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        "format_int" => {
            let spec = spec_of(rest[0], b'd', b'>').expect("a good spec");
            format_spec::check_integer_spec(&spec).expect("a good spec");
            let magnitude = Integer::new(false, a.digits.clone());
            let text = digits::to_text(magnitude.borrow(), format_spec::integer_base(spec.kind));
            render(&format_spec::format_integer(&spec, a.negative, &text))
        }
        _ => return None,
    })
}

fn float_operation(name: &str, value: &str, rest: &[&str]) -> Option<String> {
    Some(match name {
        "repr" => float::repr(double(value)),
        "hash_double" => hash::hash_double(double(value))
            .expect("no nan")
            .to_string(),
        "hex" => float::to_hex(double(value)),
        "ratio" => {
            let (n, d) = float::as_integer_ratio(double(value));
            format!("{}\t{}", hex(&n), hex(&d))
        }
        "trunc" => hex(&digits::from_f64(double(value))),
        "frexp" => {
            let (mantissa, exponent) = float::frexp(double(value));
            format!("{}\t{exponent}", bits(mantissa))
        }
        "ldexp" => bits(float::ldexp(double(value), rest[0].parse().unwrap())),
        "round" => float::round_to_digits(double(value), rest[0].parse().unwrap())
            .map_or("overflow".to_owned(), bits),
        "format_float" => {
            let spec = spec_of(rest[0], 0, b'>').expect("a good spec");
            render(&format_spec::format_float(&spec, double(value)).expect("a good spec"))
        }
        "format_complex" => {
            let spec = spec_of(rest[1], 0, b'>').expect("a good spec");
            render(
                &format_spec::format_complex(&spec, double(value), double(rest[0]))
                    .expect("a good spec"),
            )
        }
        _ => return None,
    })
}

fn spec_error(type_name: &str, text: &str) -> String {
    let (kind, align, known) = match type_name {
        "int" => (b'd', b'>', "bcdoxXneEfFgG%"),
        "str" => (b's', b'<', "s"),
        "float" => (0, b'>', "\0eEfFgGn%"),
        _ => (0, b'>', "\0eEfFgGn"),
    };
    let result = spec_of(text, kind, align).and_then(|spec| {
        if !known.chars().any(|c| u32::from(c) == spec.kind) {
            return Ok(Err(format_spec::unknown_presentation_type(
                spec.kind, type_name,
            )));
        }
        match type_name {
            "int" => format_spec::check_integer_spec(&spec)?,
            "str" => format_spec::check_string_spec(&spec)?,
            "float" => drop(format_spec::format_float(&spec, 1.5)?),
            _ => drop(format_spec::format_complex(&spec, 0.0, 1.0)?),
        }
        Ok(Ok(()))
    });
    match result {
        Ok(Ok(())) => "no error".to_owned(),
        Ok(Err(message)) => message,
        Err(error) => error.message(text, type_name),
    }
}

fn text_operation(name: &str, text: &str, rest: &[&str]) -> String {
    let numbers = || {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(|part| part.parse::<i64>().unwrap())
    };
    let number_hash = |value: i64| hash::hash_long(digits::from_i64(value).borrow());
    match name {
        "int" => match digits::parse_int(unescape(text).as_bytes(), rest[0].parse().unwrap(), 0) {
            Ok(number) => hex(&number),
            Err(ParseIntError::InvalidBase) => {
                "error int() base must be >= 2 and <= 36, or 0".to_owned()
            }
            Err(ParseIntError::InvalidLiteral) => {
                format!("error invalid literal for int() with base {}", rest[0])
            }
            Err(ParseIntError::TooManyDigits { .. }) => "too many digits".to_owned(),
        },
        "float" => float::remove_underscores(text.as_bytes())
            .and_then(|text| float::parse_float(&text))
            .map_or("error".to_owned(), bits),
        "fromhex" => match float::from_hex(text.as_bytes()) {
            Ok(value) => bits(value),
            Err(float::HexError::Invalid) => "error".to_owned(),
            Err(float::HexError::Overflow) => "overflow".to_owned(),
        },
        "hash_bytes" => {
            let bytes: Vec<u8> = text
                .as_bytes()
                .chunks(2)
                .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            hash::hash_bytes(HashSecret::from_seed(0), &bytes).to_string()
        }
        "hash_tuple" => {
            let mut hash = TupleHash::default();
            numbers().for_each(|value| hash.push(number_hash(value)));
            hash.finish(numbers().count()).to_string()
        }
        "hash_frozenset" => {
            let mut hash = FrozensetHash::default();
            numbers().for_each(|value| hash.push(number_hash(value)));
            hash.finish(numbers().count()).to_string()
        }
        "spec_error" => spec_error(text, rest[0]),
        _ => panic!("unknown fact {name}"),
    }
}

fn check(name: &str, arguments: &[&str], expected: &str) -> Result<(), String> {
    let (first, rest) = arguments.split_first().expect("an argument");
    let found = match name {
        "int" | "float" | "fromhex" | "hash_bytes" | "hash_tuple" | "hash_frozenset"
        | "spec_error" => text_operation(name, first, rest),
        _ if first.contains("0x") => integer_operation(name, first, rest).ok_or("unknown fact")?,
        _ => float_operation(name, first, rest).ok_or("unknown fact")?,
    };
    match found == expected {
        true => Ok(()),
        false => Err(format!(
            "{name} {arguments:?}\n  expected {expected}\n  found    {found}"
        )),
    }
}

#[test]
fn facts_of_cpython() {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in include_str!("facts/facts.txt").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let split = if matches!(fields[0], "ratio" | "frexp") {
            2
        } else {
            fields.len() - 1
        };
        let expected = fields[split..].join("\t");
        count += 1;
        failures.extend(check(fields[0], &fields[1..split], &expected).err());
    }
    assert!(count > 5000, "the table of facts is there");
    let shown = failures.len().min(40);
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures[..shown].join("\n")
    );
}
