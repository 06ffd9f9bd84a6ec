//! A memory image: the objects a program left behind, numbered in the order they were reached, field by field.

use serde::{Deserialize, Serialize};

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldValue {
    Null,
    Unsigned(u64),
    Signed(i64),
    Bytes(Vec<u8>),
    /// The number of another node of this image.
    Node(u32),
    /// An object that was there before the program: `<type list>`, `<int 7>`, `<module sys>`.
    External(String),
    /// Hidden by a mask or declared unsupported, so never compared.
    Masked,
}

impl FieldValue {
    /// The kind of value, for signatures.
    pub fn kind(&self) -> &'static str {
        match self {
            FieldValue::Null => "null",
            FieldValue::Unsigned(_) | FieldValue::Signed(_) => "number",
            FieldValue::Bytes(_) => "bytes",
            FieldValue::Node(_) => "object",
            FieldValue::External(_) => "shared object",
            FieldValue::Masked => "masked",
        }
    }

    /// The value for a reader.
    pub fn text(&self) -> String {
        match self {
            FieldValue::Null => "NULL".to_owned(),
            FieldValue::Unsigned(value) => {
                if *value < 10_000 {
                    value.to_string()
                } else {
                    format!("{value:#x}")
                }
            }
            FieldValue::Signed(value) => value.to_string(),
            FieldValue::Bytes(bytes) => bytes_text(bytes),
            FieldValue::Node(number) => format!("-> #{number}"),
            FieldValue::External(name) => name.clone(),
            FieldValue::Masked => "(masked)".to_owned(),
        }
    }
}

fn bytes_text(bytes: &[u8]) -> String {
    const SHOWN: usize = 64;
    let printable = !bytes.is_empty() && bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    let mut text = if printable {
        format!(
            "{:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)])
        )
    } else {
        bytes
            .iter()
            .take(SHOWN)
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    if bytes.len() > SHOWN {
        text.push_str(&format!(" ... ({} bytes)", bytes.len()));
    }
    text
}

/// One field of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageField {
    /// The struct that the field belongs to, by CPython's name: `PyDictKeysObject`.
    pub owner: String,
    pub name: String,
    /// The place in a table, for fields that repeat.
    pub index: Option<u32>,
    /// From the start of the struct; negative for what lies in front of it.
    pub offset: i32,
    pub size: u32,
    pub value: FieldValue,
}

impl ImageField {
    /// `PyListObject.ob_item[3]`.
    pub fn path(&self) -> String {
        match self.index {
            Some(index) => format!("{}.{}[{index}]", self.owner, self.name),
            None => format!("{}.{}", self.owner, self.name),
        }
    }
}

/// One object, or one block that belongs to an object (a dict's key table).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageNode {
    /// The layout it was read as: `dict`, `int`, `object`, `PyDictKeysObject`.
    pub layout: String,
    /// The name of the type, which for the program's own classes is not the layout.
    pub type_name: String,
    /// Bytes of the struct, the GC head in front not counted.
    pub size: u64,
    pub fields: Vec<ImageField>,
}

/// Everything reachable from the roots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct MemoryImage {
    /// Names and what they are bound to, in order.
    pub roots: Vec<(String, FieldValue)>,
    pub nodes: Vec<ImageNode>,
    /// Set where the traversal stopped at its limit of objects.
    pub truncated: bool,
}
