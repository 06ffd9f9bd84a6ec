//! Times each stage from source to code over the files of a folder, on one core.
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use twinheap_compile::{Options, compile, marshal};
use twinheap_syntax::{Flags, Mode, parse};

fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("site-packages") {
                collect(&path, out);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            out.push(path);
        }
    }
}

fn main() {
    let mut files = Vec::new();
    for folder in std::env::args().skip(1) {
        collect(Path::new(&folder), &mut files);
    }
    files.sort();
    let sources: Vec<Vec<u8>> = files
        .iter()
        .filter_map(|path| std::fs::read(path).ok())
        .collect();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    let flags = Flags::default();
    let mut stages = [Duration::ZERO; 3];
    let mut compiled = 0;
    for source in &sources {
        let start = Instant::now();
        let parsed = parse(source, Mode::Exec, &flags, None);
        let parsed_at = Instant::now();
        stages[0] += parsed_at - start;
        let Ok(ast) = parsed else { continue };
        let result = compile(ast, &Options::new("<bench>", 0));
        let compiled_at = Instant::now();
        stages[1] += compiled_at - parsed_at;
        let Ok(result) = result else { continue };
        std::hint::black_box(marshal::dumps(&result.code));
        stages[2] += compiled_at.elapsed();
        compiled += 1;
    }
    println!("files {} compiled {compiled} bytes {bytes}", files.len());
    println!(
        "parse {:?} compile {:?} marshal {:?}",
        stages[0], stages[1], stages[2]
    );
}
