//! Private names: `__x` in class `C` becomes `_C__x`.

use twinheap_syntax::names::{Name, Names};

/// The name that `name` stands for inside the class `private`.
pub fn mangle(names: &mut Names, private: Option<Name>, name: Name) -> Name {
    let Some(class) = private else { return name };
    let text = names.text(name);
    if !text.starts_with("__") || text.ends_with("__") || text.contains('.') {
        return name;
    }
    let stripped = names.text(class).trim_start_matches('_');
    if stripped.is_empty() {
        return name;
    }
    let mangled = format!("_{stripped}{text}");
    names.intern(&mangled)
}
