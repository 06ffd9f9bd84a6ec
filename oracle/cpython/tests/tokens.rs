//! The tokens that are put together for other versions are those of 3.11's C tokenizer, on its own library.

use std::path::Path;
use std::process::Command;

/// Prints the first difference of each file of the library, then how many files were compared.
const COMPARE: &str = r#"
import _tokenize, glob, os, sys, token

names = {}
exec(open(sys.argv[1]).read(), names)
compared = 0
for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py"))):
    source = open(path, encoding="utf-8", newline="").read()
    expected = [
        (token.tok_name[kind], (line, column, end_line, end_column), text)
        for text, kind, line, end_line, column, end_column, *_ in _tokenize.TokenizerIter(source)
    ]
    found, error = names["tokens"](source)
    if found != expected or error:
        different = [pair for pair in zip(expected, found) if pair[0] != pair[1]]
        print(path, different[:1] or "lengths", len(expected), len(found), error)
    compared += 1
print(compared)
"#;

#[test]
fn tokens_for_other_versions_have_the_form_of_3_11() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(root.join(".cargo/find-python"))
        .args(["-c", COMPARE])
        .arg(root.join("oracle/cpython/src/tokens.py"))
        .output()
        .expect("the interpreter starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let compared: Result<u32, _> = said.trim().parse();
    assert!(
        compared.is_ok_and(|compared| compared > 100),
        "{said}{complaints}"
    );
}
