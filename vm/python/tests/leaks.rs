//! What a program made is gone when it is over and collected: no chapter leaves containers behind.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs each program five times; what there is more of after the last three was leaked.
const COUNT: &str = r#"
import gc, io, sys

def counted():
    gc.collect()
    counts = {}
    for container in gc.get_objects():
        name = type(container).__name__
        counts[name] = counts.get(name, 0) + 1
    return counts

def run(source):
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        exec(compile(source, "program", "exec"), {"__name__": "__main__"})
    except BaseException:
        pass
    finally:
        sys.stdout, sys.stderr = streams

for path in sys.argv[1:]:
    with open(path) as file:
        source = file.read()
    for _ in range(2):
        run(source)
    before = counted()
    for _ in range(3):
        run(source)
    after = counted()
    more = {name: after[name] - before.get(name, 0) for name in after if after[name] > before.get(name, 0)}
    if more:
        print(path, more)
print("done")
"#;

fn entries(folder: &Path) -> Vec<PathBuf> {
    folder
        .read_dir()
        .expect("the folder can be read")
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn programs_leave_no_containers_behind() {
    let chapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/chapters");
    let mut programs: Vec<PathBuf> = entries(&chapters)
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|topic| entries(topic))
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    programs.sort();
    assert!(programs.len() > 90, "{} programs", programs.len());
    let output = Command::new(env!("CARGO_BIN_EXE_twinpy"))
        .args(["-c", COUNT])
        .args(&programs)
        .output()
        .expect("the VM starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "done", "{complaints}");
}
