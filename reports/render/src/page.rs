//! The self-contained pages: the gate's report, and the picture of one program's memory.

use minijinja::{AutoEscape, Environment, context};
use twinheap_observation::MemoryImage;

use crate::gate::GateReport;
use crate::image::image_html;
use crate::terminal::cell_text;

const GATE: &str = include_str!("gate.html");
const MEMORY: &str = include_str!("memory.html");

pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
}

/// The gate's report as one page without any reference to outside.
pub fn gate_page(gate: &GateReport) -> Result<String, String> {
    let environment = environment();
    let rows: Vec<_> = gate
        .table
        .iter()
        .map(|(topic, row)| {
            let cells: Vec<_> = gate
                .stages
                .iter()
                .map(|stage| {
                    let cell = row.get(stage).copied().unwrap_or_default();
                    let class = if cell.new > 0 {
                        "new"
                    } else if cell.known > 0 {
                        "known"
                    } else if cell.agree > 0 {
                        "agree"
                    } else {
                        "none"
                    };
                    context! { text => cell_text(cell), class => class }
                })
                .collect();
            let programs = gate
                .programs
                .iter()
                .filter(|program| program.topic == *topic)
                .count();
            context! { topic, cells, programs }
        })
        .collect();
    let gate = minijinja::Value::from(minijinja::value::Serde(gate));
    environment
        .render_str(GATE, context! { gate, rows })
        .map_err(|error| error.to_string())
}

/// The picture of a program's memory on both sides.
pub fn memory_page(
    title: &str,
    names: (&str, &str),
    oracle: &MemoryImage,
    subject: Option<&MemoryImage>,
) -> Result<String, String> {
    let left = image_html(oracle, subject, "o");
    let right = subject
        .map(|image| image_html(image, Some(oracle), "s"))
        .unwrap_or_default();
    environment()
        .render_str(
            MEMORY,
            context! { title, oracle => names.0, subject => names.1, left, right },
        )
        .map_err(|error| error.to_string())
}
