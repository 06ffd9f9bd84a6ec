//! `_contextvars` (`Python/context.c`): contexts keep their variables in a dict, copied when it changes.

use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_LookupError;
use twinheap_objects::state::{Global, tstate};

object_struct! {
    /// `PyContext`.
    pub struct Context {
        ctx_prev: Pointer<Context>,
        ctx_vars: Pointer<PyDictObject>,
        ctx_weakreflist: Cell<*const PyObject>,
        ctx_entered: Cell<c_int>,
    }
}

object_struct! {
    /// `PyContextVar`.
    pub struct ContextVar {
        var_name: Pointer<PyObject>,
        var_default: Pointer<PyObject>,
        var_cached: Cell<usize>,
        var_cached_tsid: Cell<u64>,
        var_cached_tsver: Cell<u64>,
        var_hash: Cell<isize>,
    }
}

object_struct! {
    /// `PyContextToken`.
    pub struct Token {
        tok_ctx: Pointer<Context>,
        tok_var: Pointer<ContextVar>,
        tok_oldval: Pointer<PyObject>,
        tok_used: Cell<c_int>,
    }
}

typed!(Context, PyContext_Type);
typed!(ContextVar, PyContextVar_Type);
typed!(Token, PyContextToken_Type);

/// The context that this thread has entered.
fn entered() -> Option<Own<Context>> {
    // SAFETY: the field holds contexts only.
    tstate()
        .context
        .own()
        .map(|context| unsafe { context.cast() })
}

/// Makes a context the one that this thread has entered.
fn enter(context: Option<Own<Context>>) {
    tstate().context.put(context.map(Own::upcast));
}

fn new_context(vars: Own<PyDictObject>) -> PyResult<Own<Context>> {
    let object: *mut Context = memory::new_gc_object(&PyContext_Type, size_of::<Context>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).ctx_prev.set(std::ptr::null_mut());
        (*object).ctx_vars.set(vars.into_raw());
        (*object).ctx_weakreflist.set(std::ptr::null());
        (*object).ctx_entered.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object))
    }
}

fn current() -> PyResult<Own<Context>> {
    if let Some(context) = entered() {
        return Ok(context);
    }
    let made = new_context(dict::new()?)?;
    enter(Some(made.clone()));
    Ok(made)
}

fn context_new(_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    if !tuple::items(args).is_empty() || kwargs.is_some_and(|kwargs| kwargs.ma_used.get() > 0) {
        return Err(type_error("Context() does not accept any arguments"));
    }
    Ok(new_context(dict::new()?)?.upcast())
}

fn run(context: &Context, args: Args<'_>) -> PyResult {
    let Some((function, rest)) = args.positional.split_first() else {
        return Err(type_error("run() missing 1 required positional argument"));
    };
    if context.ctx_entered.get() != 0 {
        return Err(runtime_error(format_args!(
            "cannot enter context: {} is already entered",
            context.as_object().repr_lossy()
        )));
    }
    context.ctx_prev.put(Some(current()?));
    context.ctx_entered.set(1);
    enter(Some(Own::new(context)));
    let result = call::call_args(
        function,
        Args {
            positional: rest,
            ..args
        },
    );
    enter(context.ctx_prev.take_own());
    context.ctx_entered.set(0);
    result
}

fn context_copy(context: &Context) -> PyResult {
    Ok(new_context(dict::copy(context.ctx_vars.expect_ref())?)?.upcast())
}

fn expect_var(key: &PyObject) -> PyResult<&ContextVar> {
    key.downcast_ref::<ContextVar>().ok_or_else(|| {
        type_error(format_args!(
            "a ContextVar key was expected, got {}",
            key.repr_lossy()
        ))
    })
}

fn context_getitem(context: &Context, key: &PyObject) -> PyResult {
    expect_var(key)?;
    match dict::get_item(context.ctx_vars.expect_ref(), key)? {
        Some(value) => Ok(value),
        None => Err(errors::key_error(key)),
    }
}

fn context_contains(context: &Context, key: &PyObject) -> PyResult<bool> {
    expect_var(key)?;
    dict::contains(context.ctx_vars.expect_ref(), key)
}

fn context_get(context: &Context, args: &[&PyObject]) -> PyResult {
    call::check_positional("get", args.len(), 1, 2)?;
    expect_var(args[0])?;
    match dict::get_item(context.ctx_vars.expect_ref(), args[0])? {
        Some(value) => Ok(value),
        None => Ok(args.get(1).map_or_else(none, |default| Own::new(*default))),
    }
}

fn context_length(context: &Context) -> PyResult<usize> {
    Ok(context.ctx_vars.expect_ref().ma_used.get() as usize)
}

fn context_iter(context: &Context) -> PyResult {
    abstract_::get_iter(context.ctx_vars.expect_ref().as_object())
}

macro_rules! views {
    ($($name:ident => $method:literal),+) => {
        $(fn $name(context: &Context) -> PyResult {
            call::call_method(context.ctx_vars.expect_ref().as_object(), id!($method), &[])
        })+
    };
}

views! { context_keys => "keys", context_values => "values", context_items => "items" }

fn context_richcompare(a: &PyObject, b: &PyObject, op: c_int) -> PyResult {
    match (a.downcast_ref::<Context>(), b.downcast_ref::<Context>()) {
        (Some(left), Some(right)) if op == Py_EQ || op == Py_NE => object::rich_compare(
            left.ctx_vars.expect_ref().as_object(),
            right.ctx_vars.expect_ref().as_object(),
            op,
        ),
        _ => Ok(not_implemented()),
    }
}

methods! {
    static CONTEXT_METHODS:
    "run" => keywords(run);
    "copy" => noargs(context_copy, "($self, /)");
    "keys" => noargs(context_keys, "($self, /)");
    "items" => noargs(context_items, "($self, /)");
    "values" => noargs(context_values, "($self, /)");
    "get" => fast(context_get, "($self, key, default=None, /)");
}

static_type! {
    /// `_contextvars.Context`.
    PyContext_Type = "_contextvars.Context", size size_of::<Context>(), 0, flags Py_TPFLAGS_HAVE_GC;
    sequence { sq_contains: slot!(objobj context_contains), }
    mapping { mp_length: slot!(len context_length), mp_subscript: slot!(binary context_getitem), }
    tp_dealloc: slot!(dealloc Context::dealloc),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_traverse: slot!(traverse Context::traverse),
    tp_clear: slot!(clear Context::clear),
    tp_richcompare: slot!(richcmp context_richcompare),
    tp_weaklistoffset: offset_of!(Context, ctx_weakreflist) as isize,
    tp_iter: slot!(unary context_iter),
    tp_methods: CONTEXT_METHODS.as_ptr(),
    tp_new: slot!(new context_new),
}

fn var_new(type_: &PyTypeObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    static SIGNATURE: Signature = Signature {
        name: "ContextVar",
        parameters: &["", "default"],
        required: 1,
        positional: 1,
    };
    let [name, default] = call::bind_tuple::<2>(&SIGNATURE, args, kwargs)?;
    let name = name.expect("required");
    if name.downcast_ref::<PyASCIIObject>().is_none() {
        return Err(type_error("context variable name must be a str"));
    }
    let made = ContextVar::alloc(type_)?;
    made.var_name.put(Some(Own::new(name)));
    made.var_default.put(default.map(Own::new));
    made.var_hash
        .set(object::hash(name)? ^ (made.as_ptr() as isize >> 4));
    if made.var_hash.get() == -1 {
        made.var_hash.set(-2);
    }
    Ok(made.upcast())
}

fn var_get(var: &ContextVar, args: &[&PyObject]) -> PyResult {
    call::check_positional("get", args.len(), 0, 1)?;
    if let Some(context) = entered()
        && let Some(value) = dict::get_item(context.ctx_vars.expect_ref(), var.as_object())?
    {
        return Ok(value);
    }
    if let Some(default) = args.first() {
        return Ok(Own::new(*default));
    }
    match var.var_default.own() {
        Some(default) => Ok(default),
        None => Err(errors::raise_object(
            &PyExc_LookupError,
            Some(Own::new(var).upcast()),
        )),
    }
}

/// Sets or removes a variable: the dict is copied, as copies of the context share it.
fn store(context: &Context, var: &ContextVar, value: Option<&PyObject>) -> PyResult<()> {
    let changed = dict::copy(context.ctx_vars.expect_ref())?;
    match value {
        Some(value) => dict::set_item(&changed, var.as_object(), value)?,
        None => drop(dict::pop(&changed, var.as_object())?),
    }
    context.ctx_vars.put(Some(changed));
    Ok(())
}

fn var_set(var: &ContextVar, value: &PyObject) -> PyResult {
    let context = current()?;
    let old = dict::get_item(context.ctx_vars.expect_ref(), var.as_object())?;
    store(&context, var, Some(value))?;
    let object: *mut Token = memory::new_gc_object(&PyContextToken_Type, size_of::<Token>())?;
    // SAFETY: fresh memory, tracked once its fields are set.
    unsafe {
        (*object).tok_ctx.set(context.into_raw());
        (*object).tok_var.set(Own::new(var).into_raw());
        (*object)
            .tok_oldval
            .set(old.map_or(std::ptr::null_mut(), Own::into_raw));
        (*object).tok_used.set(0);
        memory::track(object.cast());
        Ok(Own::from_raw(object).upcast())
    }
}

fn var_reset(var: &ContextVar, token: &PyObject) -> PyResult {
    let Some(token) = token.downcast_ref::<Token>() else {
        return Err(type_error(format_args!(
            "expected an instance of Token, got {}",
            token.repr_lossy()
        )));
    };
    let shown = token.as_object().repr_lossy();
    if token.tok_used.get() != 0 {
        return Err(runtime_error(format_args!(
            "{shown} has already been used once"
        )));
    }
    if !std::ptr::eq(token.tok_var.get(), var) {
        return Err(value_error(format_args!(
            "{shown} was created by a different ContextVar"
        )));
    }
    let context = current()?;
    if !std::ptr::eq(token.tok_ctx.get(), context.as_ptr()) {
        return Err(value_error(format_args!(
            "{shown} was created in a different Context"
        )));
    }
    token.tok_used.set(1);
    store(&context, var, token.tok_oldval.own().as_deref())?;
    Ok(none())
}

fn var_hash(var: &ContextVar) -> PyResult<Py_hash_t> {
    Ok(var.var_hash.get())
}

fn var_repr(var: &ContextVar) -> PyResult {
    let mut text = format!(
        "<ContextVar name={}",
        var.var_name.expect_ref().repr_lossy()
    );
    if let Some(default) = var.var_default.own() {
        text.push_str(&format!(
            " default={}",
            unicode::to_string_lossy(&*object::repr(&default)?)
        ));
    }
    text.push_str(&format!(" at {:p}>", var.as_object()));
    Ok(unicode::from_str(&text)?.upcast())
}

methods! {
    static VAR_METHODS:
    "get" => fast(var_get);
    "set" => o(var_set, "($self, value, /)");
    "reset" => o(var_reset, "($self, token, /)");
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

members! {
    static VAR_MEMBERS:
    "name" => T_OBJECT, offset_of!(ContextVar, var_name), READONLY;
}

static_type! {
    /// `_contextvars.ContextVar`.
    PyContextVar_Type = "_contextvars.ContextVar", size size_of::<ContextVar>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc ContextVar::dealloc),
    tp_repr: slot!(unary var_repr),
    tp_hash: slot!(hash var_hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse ContextVar::traverse),
    tp_clear: slot!(clear ContextVar::clear),
    tp_methods: VAR_METHODS.as_ptr(),
    tp_members: VAR_MEMBERS.as_ptr(),
    tp_new: slot!(new var_new),
}

fn token_var(token: &Token) -> PyResult {
    Ok(Own::new(token.tok_var.expect_ref()).upcast())
}

fn token_old_value(token: &Token) -> PyResult {
    match token.tok_oldval.own() {
        Some(old) => Ok(old),
        None => missing(),
    }
}

fn token_repr(token: &Token) -> PyResult {
    let used = if token.tok_used.get() != 0 {
        " used"
    } else {
        ""
    };
    let var = unicode::to_string_lossy(&*object::repr(token.tok_var.expect_ref().as_object())?);
    Ok(unicode::from_str(&format!(
        "<Token{used} var={var} at {:p}>",
        token.as_object()
    ))?
    .upcast())
}

object_struct! {
    /// `Token.MISSING`.
    pub struct Missing {
    }
}

fn missing_repr(_: &Missing) -> PyResult {
    Ok(unicode::from_str("<Token.MISSING>")?.upcast())
}

static_type! {
    /// The type of `Token.MISSING`.
    PyContextTokenMissing_Type = "Token.MISSING", size size_of::<Missing>(), 0, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc Missing::dealloc),
    tp_repr: slot!(unary missing_repr),
}

fn missing() -> PyResult {
    static ONE: Global<Pointer<PyObject>> = Global(Cell::new(std::ptr::null_mut()));
    if let Some(made) = Field::own(&*ONE) {
        return Ok(made);
    }
    types::ready(&PyContextTokenMissing_Type)?;
    let object: *mut PyObject =
        memory::new_object(&PyContextTokenMissing_Type, size_of::<Missing>())?;
    // SAFETY: fresh memory with its header set.
    let made = unsafe { Own::from_raw(object) };
    ONE.put(Some(made.clone()));
    Ok(made)
}

methods! {
    static TOKEN_METHODS:
    "__class_getitem__" => o(generic_alias::new) | METH_CLASS;
}

getset! {
    static TOKEN_GETSET:
    "var" => token_var;
    "old_value" => token_old_value;
}

static_type! {
    /// `_contextvars.Token`.
    PyContextToken_Type = "_contextvars.Token", size size_of::<Token>(), 0, flags Py_TPFLAGS_HAVE_GC;
    tp_dealloc: slot!(dealloc Token::dealloc),
    tp_repr: slot!(unary token_repr),
    tp_hash: Some(object::PyObject_HashNotImplemented),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_traverse: slot!(traverse Token::traverse),
    tp_clear: slot!(clear Token::clear),
    tp_methods: TOKEN_METHODS.as_ptr(),
    tp_getset: TOKEN_GETSET.as_ptr(),
}

fn copy_context(_: &PyObject) -> PyResult {
    let context = current()?;
    context_copy(&context)
}

methods! {
    static FUNCTIONS:
    "copy_context" => noargs(copy_context, "($module, /)");
}

/// Makes the module.
pub fn new_module() -> PyResult<Own<PyModuleObject>> {
    let made = module::build(
        "_contextvars",
        FUNCTIONS,
        &[&PyContext_Type, &PyContextVar_Type, &PyContextToken_Type],
    )?;
    if let Some(own) = types::dict_of(&PyContextToken_Type) {
        dict::set_literal(own, "MISSING", &*missing()?)?;
    }
    Ok(made)
}
