//! The canonical bytes of a memory image: written while the heap is walked, digested, parsed for a reader.

use twinheap_observation::{FieldValue, ImageField, ImageNode, MaskRule, MemoryImage, Stage};

use crate::fields::{FIELDS, FieldDefinition, FieldId};
use crate::layouts::Layout;

const END_OF_NODE: u16 = u16::MAX;

const TAG_NULL: u8 = 0;
const TAG_UNSIGNED: u8 = 1;
const TAG_SIGNED: u8 = 2;
const TAG_BYTES: u8 = 3;
const TAG_NODE: u8 = 4;
const TAG_EXTERNAL: u8 = 5;
const TAG_MASKED: u8 = 6;

/// A value on its way into the bytes.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Null,
    Unsigned(u64),
    Signed(i64),
    Bytes(&'a [u8]),
    Node(u32),
    External(&'a str),
}

/// Which fields of which layouts are hidden.
#[derive(Clone, Default)]
pub struct MaskTable {
    hidden: Vec<bool>,
    any: bool,
    /// Bits of the words of native objects, by the name of the type and the place of the word.
    words: Vec<(String, usize, usize)>,
}

impl MaskTable {
    /// The table of these rules, and of fields hidden in every layout.
    pub fn new(rules: &[MaskRule], everywhere: &[twinheap_observation::FieldSpec]) -> MaskTable {
        let mut hidden = vec![false; Layout::ALL.len() * FIELDS.len()];
        let mut any = false;
        for (index, cell) in hidden.iter_mut().enumerate() {
            let layout = Layout::ALL[index / FIELDS.len()];
            let field = &FIELDS[index % FIELDS.len()];
            let by_rule = rules.iter().any(|rule| {
                rule.stage == Stage::Heap
                    && rule.layout == layout.name()
                    && rule.field.owner == field.owner
                    && rule.field.name == field.name
            });
            let by_spec = everywhere
                .iter()
                .any(|spec| spec.owner == field.owner && spec.name == field.name);
            *cell = by_rule || by_spec;
            any |= *cell;
        }
        let words = rules.iter().filter_map(|rule| {
            let (part, place) = rule.field.name.strip_suffix(']')?.split_once('[')?;
            let place: usize = place.parse().ok()?;
            match part {
                "word" => Some((rule.layout.clone(), place, usize::MAX)),
                "half" => {
                    let bits = 0xffff_ffff << (32 * (place % 2));
                    Some((rule.layout.clone(), place / 2, bits))
                }
                _ => None,
            }
        });
        MaskTable {
            hidden,
            any,
            words: words.collect(),
        }
    }

    /// The bits of a word of an object of a native type that are hidden.
    pub(crate) fn hidden_bits(&self, type_name: &str, index: usize) -> usize {
        self.words
            .iter()
            .filter(|(name, place, _)| *place == index && name == type_name)
            .fold(0, |bits, (.., more)| bits | more)
    }

    #[inline]
    pub(crate) fn hides(&self, layout: Layout, field: FieldId) -> bool {
        self.any && self.hidden[layout as usize * FIELDS.len() + field.0 as usize]
    }
}

/// Writes the canonical bytes.
#[derive(Default)]
pub(crate) struct Encoder {
    pub(crate) bytes: Vec<u8>,
}

impl Encoder {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
    }

    pub(crate) fn root(&mut self, name: &[u8], value: Value<'_>) {
        self.number(name.len() as u64 + 1);
        self.bytes.extend_from_slice(name);
        self.value(value);
    }

    pub(crate) fn end_roots(&mut self) {
        self.number(0);
    }

    pub(crate) fn begin_node(&mut self, layout: Layout, type_name: &str, size: u64) {
        self.bytes.push(layout as u8);
        self.number(type_name.len() as u64);
        self.bytes.extend_from_slice(type_name.as_bytes());
        self.number(size);
    }

    pub(crate) fn end_node(&mut self) {
        self.bytes.extend_from_slice(&END_OF_NODE.to_le_bytes());
    }

    #[inline]
    pub(crate) fn field_header(&mut self, field: FieldId, index: Option<usize>) {
        match index {
            None => self.bytes.extend_from_slice(&(field.0 << 1).to_le_bytes()),
            Some(index) => {
                self.bytes
                    .extend_from_slice(&(field.0 << 1 | 1).to_le_bytes());
                self.number(index as u64);
            }
        }
    }

    pub(crate) fn masked(&mut self, field: FieldId, index: Option<usize>) {
        self.field_header(field, index);
        self.bytes.push(TAG_MASKED);
    }

    #[inline]
    pub(crate) fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Null => self.bytes.push(TAG_NULL),
            Value::Unsigned(number) => {
                self.bytes.push(TAG_UNSIGNED);
                self.number(number);
            }
            Value::Signed(number) => {
                self.bytes.push(TAG_SIGNED);
                self.number((number << 1 ^ number >> 63) as u64);
            }
            Value::Bytes(bytes) => {
                self.bytes.push(TAG_BYTES);
                self.number(bytes.len() as u64);
                self.bytes.extend_from_slice(bytes);
            }
            Value::Node(number) => {
                self.bytes.push(TAG_NODE);
                self.number(u64::from(number));
            }
            Value::External(name) => {
                self.bytes.push(TAG_EXTERNAL);
                self.number(name.len() as u64);
                self.bytes.extend_from_slice(name.as_bytes());
            }
        }
    }

    #[inline]
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// Parses canonical bytes that this process wrote.
pub fn parse(bytes: &[u8], truncated: bool) -> MemoryImage {
    let mut reader = Reader { bytes };
    let mut image = MemoryImage {
        truncated,
        ..MemoryImage::default()
    };
    loop {
        let length = reader.number();
        if length == 0 {
            break;
        }
        let name = reader.text(length as usize - 1);
        image.roots.push((name, reader.value()));
    }
    while !reader.bytes.is_empty() {
        image.nodes.push(reader.node());
    }
    image
}

/// The distance between two places of a field that repeats: entries lie a whole entry apart.
fn stride(definition: &FieldDefinition) -> i64 {
    match definition.owner {
        "PyDictKeyEntry" => 24,
        "PyDictUnicodeEntry" | "setentry" => 16,
        _ => i64::from(definition.size),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes[0];
        self.bytes = &self.bytes[1..];
        byte
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
            shift += 7;
        }
    }

    fn text(&mut self, length: usize) -> String {
        let text = String::from_utf8_lossy(&self.bytes[..length]).into_owned();
        self.bytes = &self.bytes[length..];
        text
    }

    fn value(&mut self) -> FieldValue {
        match self.byte() {
            TAG_NULL => FieldValue::Null,
            TAG_UNSIGNED => FieldValue::Unsigned(self.number()),
            TAG_SIGNED => {
                let number = self.number();
                FieldValue::Signed((number >> 1) as i64 ^ -((number & 1) as i64))
            }
            TAG_BYTES => {
                let length = self.number() as usize;
                let (value, rest) = self.bytes.split_at(length);
                self.bytes = rest;
                FieldValue::Bytes(value.to_vec())
            }
            TAG_NODE => FieldValue::Node(self.number() as u32),
            TAG_EXTERNAL => {
                let length = self.number() as usize;
                FieldValue::External(self.text(length))
            }
            _ => FieldValue::Masked,
        }
    }

    fn node(&mut self) -> ImageNode {
        let layout = Layout::ALL[self.byte() as usize];
        let length = self.number() as usize;
        let type_name = self.text(length);
        let size = self.number();
        let mut fields = Vec::new();
        loop {
            let header = u16::from_le_bytes([self.byte(), self.byte()]);
            if header == END_OF_NODE {
                break;
            }
            let definition = FieldId(header >> 1).definition();
            let index = (header & 1 != 0).then(|| self.number() as u32);
            let step = stride(definition) * i64::from(index.unwrap_or(0));
            fields.push(ImageField {
                owner: definition.owner.to_owned(),
                name: definition.name.to_owned(),
                index,
                offset: (i64::from(definition.offset) + step) as i32,
                size: definition.size,
                value: self.value(),
            });
        }
        ImageNode {
            layout: layout.name().to_owned(),
            type_name,
            size,
            fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields;

    /// Writes one root and one field, and reads them back.
    fn check(value: Value<'_>, expected: FieldValue) {
        let mut encoder = Encoder::default();
        encoder.root(b"x", Value::Node(0));
        encoder.end_roots();
        encoder.begin_node(Layout::List, "list", 40);
        encoder.field_header(fields::LIST_ALLOCATED, None);
        encoder.value(value);
        encoder.field_header(fields::LIST_ITEM, Some(300));
        encoder.value(Value::Null);
        encoder.end_node();
        let image = parse(&encoder.bytes, false);
        assert_eq!(image.roots, [("x".to_owned(), FieldValue::Node(0))]);
        assert_eq!(image.nodes[0].fields[0].value, expected);
        assert_eq!(image.nodes[0].fields[1].path(), "PyListObject.ob_item[300]");
    }

    #[test]
    fn every_kind_of_value_comes_back() {
        check(Value::Null, FieldValue::Null);
        check(Value::Unsigned(u64::MAX), FieldValue::Unsigned(u64::MAX));
        check(
            Value::Bytes(b"\0\xff"),
            FieldValue::Bytes(b"\0\xff".to_vec()),
        );
        check(
            Value::External("<type list>"),
            FieldValue::External("<type list>".to_owned()),
        );
        for number in [0, 1, -1, i64::MAX, i64::MIN] {
            check(Value::Signed(number), FieldValue::Signed(number));
        }
    }

    #[test]
    fn a_rule_hides_its_field_in_its_layout_only() {
        let rule = MaskRule {
            stage: Stage::Heap,
            layout: "list".to_owned(),
            field: twinheap_observation::FieldSpec::new("PyListObject", "allocated"),
            ownership: twinheap_observation::Ownership::Own,
        };
        let table = MaskTable::new(&[rule], &[]);
        assert!(table.hides(Layout::List, fields::LIST_ALLOCATED));
        assert!(!table.hides(Layout::Tuple, fields::LIST_ALLOCATED));
        assert!(!table.hides(Layout::List, fields::OB_SIZE));
    }
}
