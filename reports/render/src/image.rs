//! A memory image as lines and as a picture: every node with its fields, offsets and values.

use twinheap_observation::{FieldValue, ImageField, MemoryImage};

/// The image as lines, one node after another.
pub fn image_lines(image: &MemoryImage) -> Vec<String> {
    let mut lines: Vec<String> = image
        .roots
        .iter()
        .map(|(name, value)| format!("root {name} {}", value.text()))
        .collect();
    for (number, node) in image.nodes.iter().enumerate() {
        lines.push(format!(
            "#{number} {} ({}, {} bytes)",
            node.type_name, node.layout, node.size
        ));
        lines.extend(node.fields.iter().map(field_line));
    }
    if image.truncated {
        lines.push("... the image was cut off at its limit".to_owned());
    }
    lines
}

/// One field: offset, path, value.
pub fn field_line(field: &ImageField) -> String {
    format!(
        "    {:>+5} {:<40} {}",
        field.offset,
        field.path(),
        value_text(field)
    )
}

/// The value of a field, with what it means where a number alone does not say it.
fn value_text(field: &ImageField) -> String {
    let text = field.value.text();
    let FieldValue::Unsigned(number) = field.value else {
        return text;
    };
    match (field.owner.as_str(), field.name.as_str()) {
        ("PyASCIIObject", "state") => format!("{number:#04x} ({})", state_text(number)),
        ("PyFloatObject", "ob_fval") => format!("{number:#018x} ({:?})", f64::from_bits(number)),
        ("PyDictKeysObject", "dk_kind") => {
            let kind = ["general", "unicode", "split"]
                .get(number as usize)
                .copied()
                .unwrap_or("unknown");
            format!("{number} ({kind})")
        }
        ("PyTypeObject", "tp_flags") => format!("{number:#x}"),
        _ => text,
    }
}

/// The bits of a str's state.
fn state_text(state: u64) -> String {
    let mut words = match state & 3 {
        0 => vec!["not interned".to_owned()],
        1 => vec!["interned".to_owned()],
        _ => vec!["interned for ever".to_owned()],
    };
    words.push(format!("kind {}", state >> 2 & 7));
    for (bit, word) in [(5, "compact"), (6, "ascii"), (7, "ready")] {
        if state >> bit & 1 != 0 {
            words.push(word.to_owned());
        }
    }
    words.join(", ")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The nodes of an image as HTML, the fields that differ from the other image marked.
pub fn image_html(image: &MemoryImage, other: Option<&MemoryImage>, side: &str) -> String {
    let mut html = String::new();
    for (number, node) in image.nodes.iter().enumerate() {
        let twin = other.and_then(|other| other.nodes.get(number));
        html.push_str(&format!(
            "<div class=node id=\"{side}{number}\"><h4>#{number} {} <small>{}, {} bytes</small></h4><table>",
            escape(&node.type_name),
            escape(&node.layout),
            node.size
        ));
        for field in &node.fields {
            let same = other.is_none()
                || twin.is_some_and(|twin| {
                    twin.fields.iter().any(|found| {
                        found.owner == field.owner
                            && found.name == field.name
                            && found.index == field.index
                            && found.value == field.value
                    })
                });
            let class = if same { "" } else { " class=differs" };
            let value = match &field.value {
                FieldValue::Node(target) => format!("<a href=\"#{side}{target}\">#{target}</a>"),
                _ => escape(&value_text(field)),
            };
            html.push_str(&format!(
                "<tr{class}><td>{:+}</td><td>{}</td><td>{value}</td></tr>",
                field.offset,
                escape(&field.path())
            ));
        }
        html.push_str("</table></div>");
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(owner: &str, name: &str, number: u64, expected: &str) {
        let field = ImageField {
            owner: owner.to_owned(),
            name: name.to_owned(),
            index: None,
            offset: 0,
            size: 8,
            value: FieldValue::Unsigned(number),
        };
        assert_eq!(value_text(&field), expected);
    }

    #[test]
    fn numbers_with_a_meaning_are_explained() {
        check(
            "PyASCIIObject",
            "state",
            0xe5,
            "0xe5 (interned, kind 1, compact, ascii, ready)",
        );
        check(
            "PyFloatObject",
            "ob_fval",
            0x3ff8_0000_0000_0000,
            "0x3ff8000000000000 (1.5)",
        );
        check("PyDictKeysObject", "dk_kind", 2, "2 (split)");
        check("PyListObject", "allocated", 8, "8");
    }
}
