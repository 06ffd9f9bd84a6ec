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
        field.value.text()
    )
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
                value => escape(&value.text()),
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
