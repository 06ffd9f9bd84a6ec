//! `_operator` (`Modules/_operator.c`): the operators as functions, and itemgetter, attrgetter, methodcaller.

use crate::prelude::*;
use twinheap_objects::buffer::Buffer;

macro_rules! binary_functions {
    ($($name:ident => $operation:ident),+ $(,)?) => {
        $(fn $name(_: &PyObject, args: &[&PyObject]) -> PyResult {
            call::check_positional(stringify!($name), args.len(), 2, 2)?;
            abstract_::$operation(args[0], args[1])
        })+
    };
}

binary_functions! {
    add => add, sub => subtract, mul => multiply, matmul => matrix_multiply, floordiv => floor_divide,
    truediv => true_divide, r#mod => remainder, lshift => lshift, rshift => rshift, and_ => and, xor => xor,
    or_ => or, iadd => inplace_add, isub => inplace_subtract, imul => inplace_multiply,
    imatmul => inplace_matrix_multiply, ifloordiv => inplace_floor_divide, itruediv => inplace_true_divide,
    imod => inplace_remainder, ilshift => inplace_lshift, irshift => inplace_rshift, iand => inplace_and,
    ixor => inplace_xor, ior => inplace_or,
}

macro_rules! comparisons {
    ($($name:ident => $op:expr),+ $(,)?) => {
        $(fn $name(_: &PyObject, args: &[&PyObject]) -> PyResult {
            call::check_positional(stringify!($name), args.len(), 2, 2)?;
            object::rich_compare(args[0], args[1], $op)
        })+
    };
}

comparisons! { lt => Py_LT, le => Py_LE, eq => Py_EQ, ne => Py_NE, ge => Py_GE, gt => Py_GT }

macro_rules! unary_functions {
    ($($name:ident => $operation:ident),+ $(,)?) => {
        $(fn $name(_: &PyObject, value: &PyObject) -> PyResult {
            abstract_::$operation(value)
        })+
    };
}

unary_functions! { neg => negative, pos => positive, inv => invert, abs => absolute }

fn index(_: &PyObject, value: &PyObject) -> PyResult {
    long::text::to_exact(abstract_::index(value)?)
}

fn not_(_: &PyObject, value: &PyObject) -> PyResult {
    Ok(bool_object(!object::is_true(value)?))
}

fn truth(_: &PyObject, value: &PyObject) -> PyResult {
    Ok(bool_object(object::is_true(value)?))
}

fn pow(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("pow", args.len(), 2, 2)?;
    abstract_::power(args[0], args[1], &none())
}

fn ipow(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("ipow", args.len(), 2, 2)?;
    abstract_::inplace_power(args[0], args[1])
}

fn is_(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("is_", args.len(), 2, 2)?;
    Ok(bool_object(std::ptr::eq(args[0], args[1])))
}

fn is_not(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("is_not", args.len(), 2, 2)?;
    Ok(bool_object(!std::ptr::eq(args[0], args[1])))
}

fn concat(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("concat", args.len(), 2, 2)?;
    abstract_::sequence_concat(args[0], args[1], false)
}

fn iconcat(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("iconcat", args.len(), 2, 2)?;
    abstract_::sequence_concat(args[0], args[1], true)
}

fn contains(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("contains", args.len(), 2, 2)?;
    Ok(bool_object(abstract_::contains(args[0], args[1])?))
}

fn count_of(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("countOf", args.len(), 2, 2)?;
    let iterator = abstract_::get_iter(args[0])?;
    let mut count = 0;
    while let Some(item) = abstract_::next(&iterator)? {
        if object::equal(&item, args[1])? {
            count += 1;
        }
    }
    long::from_isize(count)
}

fn index_of(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("indexOf", args.len(), 2, 2)?;
    let iterator = abstract_::get_iter(args[0])?;
    let mut at = 0;
    while let Some(item) = abstract_::next(&iterator)? {
        if object::equal(&item, args[1])? {
            return long::from_isize(at);
        }
        at += 1;
    }
    Err(value_error("sequence.index(x): x not in sequence"))
}

fn getitem(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("getitem", args.len(), 2, 2)?;
    abstract_::get_item(args[0], args[1])
}

fn setitem(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("setitem", args.len(), 3, 3)?;
    abstract_::set_item(args[0], args[1], Some(args[2]))?;
    Ok(none())
}

fn delitem(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("delitem", args.len(), 2, 2)?;
    abstract_::set_item(args[0], args[1], None)?;
    Ok(none())
}

fn length_hint(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("length_hint", args.len(), 1, 2)?;
    let default = match args.get(1) {
        None => 0,
        Some(default) if default.downcast_ref::<PyLongObject>().is_none() => {
            return Err(type_error(format_args!(
                "'{}' object cannot be interpreted as an integer",
                default.type_().name()
            )));
        }
        Some(default) => unicode::ssize(default)?,
    };
    long::from_usize(abstract_::length_hint(args[0], default.max(0) as usize)?)
}

fn call_function(_: &PyObject, args: Args<'_>) -> PyResult {
    let Some((function, rest)) = args.positional.split_first() else {
        return Err(type_error("call expected at least 1 argument, got 0"));
    };
    call::call_args(
        function,
        Args {
            positional: rest,
            ..args
        },
    )
}

/// Compares without telling by the time it takes where the texts differ.
fn compare_digest(_: &PyObject, args: &[&PyObject]) -> PyResult {
    call::check_positional("_compare_digest", args.len(), 2, 2)?;
    let text = |object: &PyObject| {
        object
            .downcast_ref::<PyASCIIObject>()
            .map(|text| unicode::as_ascii(text).map(|text| text.as_bytes().to_vec()))
    };
    let (a, b) = match (text(args[0]), text(args[1])) {
        (Some(Some(a)), Some(Some(b))) => (a, b),
        (Some(_), Some(_)) => {
            return Err(type_error(
                "comparing strings with non-ASCII characters is not supported",
            ));
        }
        (None, None) => (
            Buffer::of(args[0])?.data().to_vec(),
            Buffer::of(args[1])?.data().to_vec(),
        ),
        _ => {
            return Err(type_error(format_args!(
                "unsupported operand types(s) or combination of types: '{}' and '{}'",
                args[0].type_().name(),
                args[1].type_().name()
            )));
        }
    };
    let differs = a.iter().zip(&b).fold(0, |sum, (x, y)| sum | (x ^ y));
    Ok(bool_object(a.len() == b.len() && differs == 0))
}

object_struct! {
    /// `itemgetterobject`.
    pub struct ItemGetter {
        nitems: Cell<isize>,
        item: Pointer<PyObject>,
        index: Cell<isize>,
        vectorcall: Cell<Option<vectorcallfunc>>,
    }
}

object_struct! {
    /// `attrgetterobject`.
    pub struct AttrGetter {
        nattrs: Cell<isize>,
        attr: Pointer<PyTupleObject>,
        vectorcall: Cell<Option<vectorcallfunc>>,
    }
}

object_struct! {
    /// `methodcallerobject`.
    pub struct MethodCaller {
        name: Pointer<PyASCIIObject>,
        args: Pointer<PyTupleObject>,
        kwds: Pointer<PyDictObject>,
    }
}

/// The one argument that a getter is called with.
fn only<'a>(name: &str, args: Args<'a>) -> PyResult<&'a PyObject> {
    args.no_keywords(name)?;
    call::check_positional(name, args.positional.len(), 1, 1)?;
    Ok(args.positional[0])
}

fn item_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("itemgetter", kwargs)?;
    let items = tuple::items(args);
    if items.is_empty() {
        return Err(type_error("itemgetter expected 1 argument, got 0"));
    }
    let made = ItemGetter::alloc(type_)?;
    made.nitems.set(items.len() as isize);
    made.index.set(-1);
    let item = if items.len() == 1 {
        items[0]
    } else {
        args.as_object()
    };
    if items.len() == 1
        && let Some(number) = item.downcast_exact::<PyLongObject>()
        && let Some(number) = long::to_i64(number)
        && number >= 0
    {
        made.index.set(number as isize);
    }
    made.item.put(Some(Own::new(item)));
    made.vectorcall.set(slot!(vectorcall item_vectorcall));
    Ok(made.upcast())
}

fn item_vectorcall(this: &ItemGetter, args: Args<'_>) -> PyResult {
    let object = only("itemgetter", args)?;
    let item = this.item.expect_ref();
    if this.nitems.get() == 1 {
        if this.index.get() >= 0
            && let Some(values) = object.downcast_exact::<PyTupleObject>()
            && let Some(value) = tuple::items(values).get(this.index.get() as usize)
        {
            return Ok(Own::new(*value));
        }
        return abstract_::get_item(object, item);
    }
    let keys = item
        .downcast_ref::<PyTupleObject>()
        .map_or(&[][..], tuple::items);
    let values = keys.iter().map(|key| abstract_::get_item(object, key));
    Ok(tuple::from_vec(values.collect::<PyResult<_>>()?)?.upcast())
}

/// `type(args...)` as repr shows a getter.
fn shown_call(this: &PyObject, args: &[Own], kwargs: &[(Own, Own)]) -> PyResult {
    let name = this.type_().name();
    let Some(_guard) = object::repr_enter(this) else {
        return Ok(unicode::from_str(&format!("{name}(...)"))?.upcast());
    };
    let mut writer = unicode::Writer::new();
    writer.push_str(name);
    writer.push_str("(");
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            writer.push_str(", ");
        }
        writer.push(&object::repr(arg)?);
    }
    for (key, value) in kwargs {
        writer.push_str(", ");
        writer.push(&object::str(key)?);
        writer.push_str("=");
        writer.push(&object::repr(value)?);
    }
    writer.push_str(")");
    Ok(writer.finish()?.upcast())
}

fn item_arguments(this: &ItemGetter) -> Vec<Own> {
    let item = this.item.expect_ref();
    match item.downcast_ref::<PyTupleObject>() {
        Some(keys) if this.nitems.get() > 1 => tuple::items(keys)
            .iter()
            .map(|key| Own::new(*key))
            .collect(),
        _ => vec![Own::new(item)],
    }
}

fn item_repr(this: &ItemGetter) -> PyResult {
    shown_call(this.as_object(), &item_arguments(this), &[])
}

fn item_reduce(this: &ItemGetter) -> PyResult {
    let arguments = tuple::from_vec(item_arguments(this))?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn attr_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    call::no_keywords("attrgetter", kwargs)?;
    let items = tuple::items(args);
    if items.is_empty() {
        return Err(type_error("attrgetter expected 1 argument, got 0"));
    }
    let mut attributes = Vec::new();
    for item in items {
        let Some(name) = item.downcast_ref::<PyASCIIObject>() else {
            return Err(type_error("attribute name must be a string"));
        };
        let text = unicode::to_string_lossy(name);
        if !text.contains('.') {
            attributes.push(unicode::intern(Own::new(name)).upcast());
            continue;
        }
        let parts = text
            .split('.')
            .map(|part| Ok(unicode::intern(unicode::from_str(part)?).upcast()));
        attributes.push(tuple::from_vec(parts.collect::<PyResult<_>>()?)?.upcast());
    }
    let made = AttrGetter::alloc(type_)?;
    made.nattrs.set(items.len() as isize);
    made.attr.put(Some(tuple::from_vec(attributes)?));
    made.vectorcall.set(slot!(vectorcall attr_vectorcall));
    Ok(made.upcast())
}

fn dotted(object: &PyObject, attribute: &PyObject) -> PyResult {
    if let Some(name) = attribute.downcast_ref::<PyASCIIObject>() {
        return object::get_attr(object, name);
    }
    let parts = attribute
        .downcast_ref::<PyTupleObject>()
        .map_or(&[][..], tuple::items);
    let mut value = Own::new(object);
    for part in parts {
        if let Some(name) = part.downcast_ref::<PyASCIIObject>() {
            value = object::get_attr(&value, name)?;
        }
    }
    Ok(value)
}

fn attr_vectorcall(this: &AttrGetter, args: Args<'_>) -> PyResult {
    let object = only("attrgetter", args)?;
    let attributes = tuple::items(this.attr.expect_ref());
    if let [single] = attributes {
        return dotted(object, single);
    }
    let values = attributes.iter().map(|attribute| dotted(object, attribute));
    Ok(tuple::from_vec(values.collect::<PyResult<_>>()?)?.upcast())
}

fn attr_arguments(this: &AttrGetter) -> PyResult<Vec<Own>> {
    let dot = unicode::from_str(".")?;
    let shown = tuple::items(this.attr.expect_ref())
        .iter()
        .map(
            |attribute| match attribute.downcast_ref::<PyTupleObject>() {
                Some(_) => unicode::join(&dot, attribute),
                None => Ok(Own::new(*attribute)),
            },
        );
    shown.collect()
}

fn attr_repr(this: &AttrGetter) -> PyResult {
    shown_call(this.as_object(), &attr_arguments(this)?, &[])
}

fn attr_reduce(this: &AttrGetter) -> PyResult {
    let arguments = tuple::from_vec(attr_arguments(this)?)?;
    Ok(tuple::pack(&[this.as_object().type_().as_object(), arguments.as_object()])?.upcast())
}

fn caller_new(
    type_: &PyTypeObject,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    let Some((name, rest)) = tuple::items(args).split_first() else {
        return Err(type_error(
            "methodcaller needs at least one argument, the method name",
        ));
    };
    let Some(name) = name.downcast_ref::<PyASCIIObject>() else {
        return Err(type_error("method name must be a string"));
    };
    let made = MethodCaller::alloc(type_)?;
    made.name.put(Some(unicode::intern(Own::new(name))));
    made.args.put(Some(tuple::pack(rest)?));
    made.kwds.put(kwargs.map(Own::new));
    Ok(made.upcast())
}

fn caller_call(
    this: &MethodCaller,
    args: &PyTupleObject,
    kwargs: Option<&PyDictObject>,
) -> PyResult {
    call::no_keywords("methodcaller", kwargs)?;
    let items = tuple::items(args);
    call::check_positional("methodcaller", items.len(), 1, 1)?;
    let method = object::get_attr(items[0], this.name.expect_ref())?;
    call::call_tuple(&method, this.args.expect_ref(), this.kwds.own().as_deref())
}

fn caller_repr(this: &MethodCaller) -> PyResult {
    let mut args = vec![Own::new(this.name.expect_ref()).upcast()];
    args.extend(
        tuple::items(this.args.expect_ref())
            .iter()
            .map(|arg| Own::new(*arg)),
    );
    let kwargs: Vec<(Own, Own)> = match this.kwds.own() {
        Some(kwds) => dict::entries(&kwds)
            .map(|(key, value)| (Own::new(key), Own::new(value)))
            .collect(),
        None => Vec::new(),
    };
    shown_call(this.as_object(), &args, &kwargs)
}

fn caller_reduce(this: &MethodCaller) -> PyResult {
    let type_ = this.as_object().type_().as_object();
    let name = this.name.expect_ref().as_object();
    let args = this.args.expect_ref();
    let Some(kwds) = this.kwds.own().filter(|kwds| kwds.ma_used.get() > 0) else {
        let mut all = vec![name];
        all.extend_from_slice(tuple::items(args));
        return Ok(tuple::pack(&[type_, tuple::pack(&all)?.as_object()])?.upcast());
    };
    let partial = object::get_attr(&*import_hook::import_module("functools")?, id!("partial"))?;
    let factory = call::call_tuple(&partial, &*tuple::pack(&[type_, name])?, Some(&kwds))?;
    Ok(tuple::pack(&[&factory, args.as_object()])?.upcast())
}

methods! {
    static ITEM_METHODS:
    "__reduce__" => noargs(item_reduce);
}
methods! {
    static ATTR_METHODS:
    "__reduce__" => noargs(attr_reduce);
}
methods! {
    static CALLER_METHODS:
    "__reduce__" => noargs(caller_reduce);
}

macro_rules! getter_type {
    ($(#[$meta:meta])* $name:ident = $py_name:literal, $layout:ident, $new:ident, $repr:ident, $methods:ident, $flags:expr; $($slots:tt)*) => {
        static_type! {
            $(#[$meta])*
            $name = $py_name, size size_of::<$layout>(), 0, flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE | $flags;
            $($slots)*
            tp_dealloc: slot!(dealloc $layout::dealloc),
            tp_repr: slot!(unary $repr),
            tp_getattro: Some(object::PyObject_GenericGetAttr),
            tp_traverse: slot!(traverse $layout::traverse),
            tp_clear: slot!(clear $layout::clear),
            tp_methods: $methods.as_ptr(),
            tp_alloc: Some(memory::PyType_GenericAlloc),
            tp_new: slot!(new $new),
            tp_free: Some(memory::object_gc_free),
        }
    };
}

getter_type! {
    /// `operator.itemgetter`.
    itemgetter_type = "operator.itemgetter", ItemGetter, item_new, item_repr, ITEM_METHODS, Py_TPFLAGS_HAVE_VECTORCALL;
    tp_vectorcall_offset: offset_of!(ItemGetter, vectorcall) as isize,
    tp_call: Some(call::PyVectorcall_Call),
}
getter_type! {
    /// `operator.attrgetter`.
    attrgetter_type = "operator.attrgetter", AttrGetter, attr_new, attr_repr, ATTR_METHODS, Py_TPFLAGS_HAVE_VECTORCALL;
    tp_vectorcall_offset: offset_of!(AttrGetter, vectorcall) as isize,
    tp_call: Some(call::PyVectorcall_Call),
}
getter_type! {
    /// `operator.methodcaller`.
    methodcaller_type = "operator.methodcaller", MethodCaller, caller_new, caller_repr, CALLER_METHODS, 0;
    tp_call: slot!(call caller_call),
}

methods! {
    static FUNCTIONS:
    "truth" => o(truth, "($module, a, /)");
    "contains" => fast(contains, "($module, a, b, /)");
    "indexOf" => fast(index_of, "($module, a, b, /)");
    "countOf" => fast(count_of, "($module, a, b, /)");
    "is_" => fast(is_, "($module, a, b, /)");
    "is_not" => fast(is_not, "($module, a, b, /)");
    "add" => fast(add, "($module, a, b, /)");
    "sub" => fast(sub, "($module, a, b, /)");
    "mul" => fast(mul, "($module, a, b, /)");
    "matmul" => fast(matmul, "($module, a, b, /)");
    "floordiv" => fast(floordiv, "($module, a, b, /)");
    "truediv" => fast(truediv, "($module, a, b, /)");
    "mod" => fast(r#mod, "($module, a, b, /)");
    "neg" => o(neg, "($module, a, /)");
    "pos" => o(pos, "($module, a, /)");
    "abs" => o(abs, "($module, a, /)");
    "inv" => o(inv, "($module, a, /)");
    "invert" => o(inv, "($module, a, /)");
    "lshift" => fast(lshift, "($module, a, b, /)");
    "rshift" => fast(rshift, "($module, a, b, /)");
    "not_" => o(not_, "($module, a, /)");
    "and_" => fast(and_, "($module, a, b, /)");
    "xor" => fast(xor, "($module, a, b, /)");
    "or_" => fast(or_, "($module, a, b, /)");
    "iadd" => fast(iadd, "($module, a, b, /)");
    "isub" => fast(isub, "($module, a, b, /)");
    "imul" => fast(imul, "($module, a, b, /)");
    "imatmul" => fast(imatmul, "($module, a, b, /)");
    "ifloordiv" => fast(ifloordiv, "($module, a, b, /)");
    "itruediv" => fast(itruediv, "($module, a, b, /)");
    "imod" => fast(imod, "($module, a, b, /)");
    "ilshift" => fast(ilshift, "($module, a, b, /)");
    "irshift" => fast(irshift, "($module, a, b, /)");
    "iand" => fast(iand, "($module, a, b, /)");
    "ixor" => fast(ixor, "($module, a, b, /)");
    "ior" => fast(ior, "($module, a, b, /)");
    "concat" => fast(concat, "($module, a, b, /)");
    "iconcat" => fast(iconcat, "($module, a, b, /)");
    "getitem" => fast(getitem, "($module, a, b, /)");
    "setitem" => fast(setitem, "($module, a, b, c, /)");
    "delitem" => fast(delitem, "($module, a, b, /)");
    "pow" => fast(pow, "($module, a, b, /)");
    "ipow" => fast(ipow, "($module, a, b, /)");
    "eq" => fast(eq, "($module, a, b, /)");
    "ne" => fast(ne, "($module, a, b, /)");
    "lt" => fast(lt, "($module, a, b, /)");
    "le" => fast(le, "($module, a, b, /)");
    "gt" => fast(gt, "($module, a, b, /)");
    "ge" => fast(ge, "($module, a, b, /)");
    "index" => o(index, "($module, a, /)");
    "length_hint" => fast(length_hint, "($module, obj, default=0, /)");
    "call" => keywords(call_function);
    "_compare_digest" => fast(compare_digest, "($module, a, b, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    module::build(
        "_operator",
        FUNCTIONS,
        &[&itemgetter_type, &attrgetter_type, &methodcaller_type],
    )
}
