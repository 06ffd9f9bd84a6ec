//! A walker of expressions over the abstract object layer, for tests that hold a table of what
//! CPython has evaluated. The syntax crate's parser reads them; no compiler and no evaluator is
//! involved.

#![allow(
    dead_code,
    reason = "each test that includes this file uses a part of it"
)]

use twinheap_objects::abi::*;
use twinheap_objects::call::Args;
use twinheap_objects::errors::{self, PyResult};
use twinheap_objects::object::{self, ObjectExt, TypeExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{
    abstract_, boolean, bytearray, bytes, call, complex, dict, enumerate, float, id, import_hook,
    list, long, memoryview, methods, module, range, set, singletons, slice, tuple, types, unicode,
};
use twinheap_syntax::ast::{CmpOp, Constant, Expr, ExprKind, Mod, Operator, UnaryOp};
use twinheap_syntax::names::Names;
use twinheap_syntax::{Flags, Mode, parse_str};

fn constant(value: &Constant) -> PyResult {
    Ok(match value {
        Constant::None => singletons::none(),
        Constant::False => singletons::bool_object(false),
        Constant::True => singletons::bool_object(true),
        Constant::Ellipsis => singletons::ellipsis(),
        Constant::Int(int) => long::from_unicode(&*unicode::from_str(&int.to_hex())?, 16)?,
        Constant::Float(value) => float::from_f64(*value)?,
        Constant::Complex(real, imag) => complex::new(*real, *imag)?,
        Constant::Str(text) => {
            unicode::codecs::decode(text, unicode::codecs::Encoding::Utf8, "surrogatepass")?
                .upcast()
        }
        Constant::Bytes(content) => bytes::from_slice(content)?.upcast(),
        Constant::Tuple(_) | Constant::FrozenSet(_) => unreachable!("the parser folds nothing"),
    })
}

fn type_named(name: &str) -> Option<&'static PyTypeObject> {
    Some(match name {
        "int" => &long::PyLong_Type,
        "bool" => &boolean::PyBool_Type,
        "float" => &float::PyFloat_Type,
        "complex" => &complex::PyComplex_Type,
        "str" => &unicode::PyUnicode_Type,
        "bytes" => &bytes::PyBytes_Type,
        "bytearray" => &bytearray::PyByteArray_Type,
        "memoryview" => &memoryview::PyMemoryView_Type,
        "range" => &range::PyRange_Type,
        "enumerate" => &enumerate::PyEnum_Type,
        "reversed" => &enumerate::PyReversed_Type,
        "slice" => &slice::PySlice_Type,
        "list" => &list::PyList_Type,
        "tuple" => &tuple::PyTuple_Type,
        "dict" => &dict::PyDict_Type,
        "set" => &set::PySet_Type,
        "frozenset" => &set::PyFrozenSet_Type,
        "type" => &types::PyType_Type,
        _ => return None,
    })
}

fn builtin_iter(_: &PyObject, args: &[&PyObject]) -> PyResult {
    abstract_::get_iter(args[0])
}

methods! {
    static BUILTIN_FUNCTIONS:
    "iter" => fast(builtin_iter);
}

/// The built-in functions that the expressions call by name.
fn call_function(name: &str, args: &[&PyObject]) -> Option<PyResult> {
    let none = singletons::none();
    Some(match (name, args) {
        ("divmod", [a, b]) => abstract_::divmod(a, b),
        ("pow", [a, b]) => abstract_::power(a, b, &none),
        ("pow", [a, b, c]) => abstract_::power(a, b, c),
        ("abs", [a]) => abstract_::absolute(a),
        ("hash", [a]) => object::hash(a).and_then(long::from_isize),
        ("len", [a]) => object::length(a).and_then(long::from_usize),
        ("repr", [a]) => object::repr(a).map(Own::upcast),
        ("ascii", [a]) => object::ascii(a).map(Own::upcast),
        ("iter", [a]) => abstract_::get_iter(a),
        ("type", [a]) => Ok(Own::new(a.type_()).upcast()),
        ("format", [a]) => abstract_::format(a, None).map(Own::upcast),
        ("format", [a, spec]) => abstract_::format(a, spec.downcast_ref()).map(Own::upcast),
        ("round", [a, rest @ ..]) => match types::lookup_special(a, id!("__round__")) {
            Ok(Some(method)) => call::call(&method, rest),
            Ok(None) => Err(errors::type_error("no __round__")),
            Err(raised) => Err(raised),
        },
        _ => return None,
    })
}

/// Walks one expression.
struct Evaluator<'a> {
    names: &'a Names,
    /// A name that means something to this expression alone.
    variable: Option<(&'a str, &'a PyObject)>,
}

impl Evaluator<'_> {
    fn all(&self, nodes: &[Expr]) -> PyResult<Vec<Own>> {
        nodes.iter().map(|node| self.evaluate(node)).collect()
    }

    fn optional(&self, node: &Option<Box<Expr>>) -> PyResult {
        node.as_ref()
            .map_or_else(|| Ok(singletons::none()), |node| self.evaluate(node))
    }

    fn evaluate(&self, node: &Expr) -> PyResult {
        match &node.kind {
            ExprKind::Constant { value, .. } => constant(value),
            ExprKind::Name { id, .. } => {
                let name = self.names.text(*id);
                if let Some((_, value)) = self.variable.filter(|(known, _)| *known == name) {
                    return Ok(Own::new(value));
                }
                let found = type_named(name).unwrap_or_else(|| panic!("unknown name {name}"));
                Ok(Own::new(found.as_object()))
            }
            ExprKind::Attribute { value, attr, .. } => {
                let value = self.evaluate(value)?;
                object::get_attr(&value, &*unicode::from_str(self.names.text(*attr))?)
            }
            ExprKind::Subscript { value, slice, .. } => {
                let value = self.evaluate(value)?;
                abstract_::get_item(&value, &*self.evaluate(slice)?)
            }
            ExprKind::Slice { lower, upper, step } => {
                let made = slice::new(
                    self.optional(lower)?,
                    self.optional(upper)?,
                    self.optional(step)?,
                )?;
                Ok(made.upcast())
            }
            ExprKind::Tuple { elts, .. } => Ok(tuple::from_vec(self.all(elts)?)?.upcast()),
            ExprKind::List { elts, .. } => Ok(list::from_vec(self.all(elts)?)?.upcast()),
            ExprKind::Dict(display) => {
                let made = dict::new()?;
                for (key, value) in display.keys.iter().zip(&display.values) {
                    let key = self.evaluate(key.as_ref().expect("no unpacking"))?;
                    dict::set_item(&made, &key, &*self.evaluate(value)?)?;
                }
                Ok(made.upcast())
            }
            ExprKind::UnaryOp { op, operand } => self.unary(*op, &*self.evaluate(operand)?),
            ExprKind::BinOp { left, op, right } => {
                let left = self.evaluate(left)?;
                binary(*op, &left, &*self.evaluate(right)?)
            }
            ExprKind::Compare(comparison) => {
                let left = self.evaluate(&comparison.left)?;
                let right = self.evaluate(&comparison.comparators[0])?;
                compare(comparison.ops[0], &left, &right)
            }
            ExprKind::BoolOp { op, values } => {
                let mut value = self.evaluate(&values[0])?;
                for next in &values[1..] {
                    if object::is_true(&value)? == (*op == twinheap_syntax::ast::BoolOp::Or) {
                        break;
                    }
                    value = self.evaluate(next)?;
                }
                Ok(value)
            }
            ExprKind::Call(call) => self.call(call),
            other => panic!("an expression of another kind: {other:?}"),
        }
    }

    fn unary(&self, op: UnaryOp, operand: &PyObject) -> PyResult {
        match op {
            UnaryOp::Not => Ok(singletons::bool_object(!object::is_true(operand)?)),
            UnaryOp::USub => abstract_::negative(operand),
            UnaryOp::UAdd => abstract_::positive(operand),
            UnaryOp::Invert => abstract_::invert(operand),
        }
    }

    fn call(&self, node: &twinheap_syntax::ast::Call) -> PyResult {
        let args = self.all(&node.args)?;
        let borrowed: Vec<&PyObject> = args.iter().map(|arg| &**arg).collect();
        if let ExprKind::Name { id, .. } = &node.func.kind
            && let Some(result) = call_function(self.names.text(*id), &borrowed)
        {
            return result;
        }
        let function = self.evaluate(&node.func)?;
        let mut names = Vec::new();
        let mut values = Vec::new();
        for keyword in &node.keywords {
            let name = self.names.text(keyword.arg.expect("no unpacking"));
            names.push(unicode::from_str(name)?.upcast());
            values.push(self.evaluate(&keyword.value)?);
        }
        let kwnames = tuple::from_vec(names)?;
        let kwvalues: Vec<&PyObject> = values.iter().map(|value| &**value).collect();
        let kwnames = (!kwvalues.is_empty()).then_some(&*kwnames);
        call::call_args(
            &function,
            Args {
                positional: &borrowed,
                kwnames,
                kwvalues: &kwvalues,
            },
        )
    }
}

fn binary(op: Operator, a: &PyObject, b: &PyObject) -> PyResult {
    match op {
        Operator::Add => abstract_::add(a, b),
        Operator::Sub => abstract_::subtract(a, b),
        Operator::Mult => abstract_::multiply(a, b),
        Operator::MatMult => abstract_::matrix_multiply(a, b),
        Operator::Div => abstract_::true_divide(a, b),
        Operator::Mod => abstract_::remainder(a, b),
        Operator::Pow => abstract_::power(a, b, &singletons::none()),
        Operator::LShift => abstract_::lshift(a, b),
        Operator::RShift => abstract_::rshift(a, b),
        Operator::BitOr => abstract_::or(a, b),
        Operator::BitXor => abstract_::xor(a, b),
        Operator::BitAnd => abstract_::and(a, b),
        Operator::FloorDiv => abstract_::floor_divide(a, b),
    }
}

fn compare(op: CmpOp, a: &PyObject, b: &PyObject) -> PyResult {
    let code = match op {
        CmpOp::In | CmpOp::NotIn => {
            return Ok(singletons::bool_object(
                abstract_::contains(b, a)? == (op == CmpOp::In),
            ));
        }
        CmpOp::Is | CmpOp::IsNot => {
            return Ok(singletons::bool_object(
                std::ptr::eq(a, b) == (op == CmpOp::Is),
            ));
        }
        CmpOp::Eq => Py_EQ,
        CmpOp::NotEq => Py_NE,
        CmpOp::Lt => Py_LT,
        CmpOp::LtE => Py_LE,
        CmpOp::Gt => Py_GT,
        CmpOp::GtE => Py_GE,
    };
    object::rich_compare(a, b, code)
}

pub fn show(result: PyResult) -> [String; 3] {
    let shown = result.and_then(|value| {
        let text = unicode::to_string_lossy(&*object::ascii(&value)?);
        Ok([
            "value".to_owned(),
            value.type_().short_name().to_owned(),
            text,
        ])
    });
    shown.unwrap_or_else(|_| describe(errors::take_exception()))
}

/// The memory behind the header, as the table has it: pointers into the object become offsets.
pub fn memory(value: &PyObject) -> PyResult<String> {
    let size = call::call(&*object::get_attr(value, id!("__sizeof__"))?, &[])?;
    let size = long::as_long(&size)? as usize;
    let address = (value as *const PyObject).addr();
    // SAFETY: an object is as large as it says.
    let mut content =
        unsafe { std::slice::from_raw_parts((value as *const PyObject).cast::<u8>(), size) }[16..]
            .to_vec();
    if let Some(text) = value.downcast_ref::<PyASCIIObject>() {
        content[17..24].fill(0);
        for offset in if text.is_ascii() {
            &[24][..]
        } else {
            &[24, 40][..]
        } {
            let field = &mut content[*offset..offset + 8];
            let pointer = usize::from_le_bytes(field.try_into().expect("eight bytes"));
            let shown = if pointer == 0 {
                0
            } else {
                pointer.wrapping_sub(address)
            };
            field.copy_from_slice(&shown.to_le_bytes());
        }
    }
    if value.downcast_ref::<PyBytesObject>().is_some() {
        content[8..16].fill(0);
    }
    Ok(content.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub fn describe(exception: Own) -> [String; 3] {
    let name = exception.type_().short_name().to_owned();
    let message = match object::str(&exception) {
        Ok(text) => object::ascii(text.as_object()).map(|text| unicode::to_string_lossy(&text)),
        Err(raised) => Err(raised),
    };
    [
        "raise".to_owned(),
        name,
        message.unwrap_or_else(|_| "the message failed".to_owned()),
    ]
}

/// Evaluates an expression of the table.
pub fn evaluate(expression: &str, variable: Option<(&str, &PyObject)>) -> PyResult {
    let tree = parse_str(expression, Mode::Eval, &Flags::default())
        .unwrap_or_else(|_| panic!("cannot parse {expression}"));
    let Mod::Expression { body } = &tree.module else {
        panic!("not an expression: {expression}");
    };
    Evaluator {
        names: &tree.names,
        variable,
    }
    .evaluate(body)
}

pub fn start() {
    types::ready_all().expect("the types become ready");
    let builtins = module::new("builtins").expect("the builtins module");
    module::add_functions(&builtins, BUILTIN_FUNCTIONS).expect("the built-in functions");
    import_hook::BUILTINS.set(builtins.upcast().into_raw());
}

/// Runs a check on every line of a table.
pub fn run(table: &str, least: usize, check: impl Fn(&str) -> Result<(), String>) {
    let mut failures = Vec::new();
    let mut count = 0;
    for line in table.lines() {
        count += 1;
        if std::env::var_os("SHOW_EXPRESSIONS").is_some() {
            eprintln!("{line:.200}");
        }
        failures.extend(check(line).err());
    }
    assert!(count > least, "the table of facts is there");
    let shown = failures.len().min(60);
    assert!(
        failures.is_empty(),
        "{} of {count} differ:\n{}",
        failures.len(),
        failures[..shown].join("\n")
    );
}

/// Checks expressions over a variable: each line has the expression and its outcome, in fields.
pub fn check_facts(table: &str, least: usize, variable: (&str, &PyObject)) {
    run(table, least, |line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let (expression, expected) = (fields[0], &fields[1..]);
        let found = show(evaluate(expression, Some(variable)));
        if found.iter().eq(expected.iter()) {
            return Ok(());
        }
        Err(format!(
            "{expression}\n  expected {expected:?}\n  found    {found:?}"
        ))
    });
}
