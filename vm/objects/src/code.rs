//! code (`Objects/codeobject.c`): making code objects, and reading their line tables.

use crate::errors::{PyResult, value_error};
use crate::memory;
use crate::object::{self, ObjectExt};
use crate::own::{Field, Layout, Own};
use crate::singletons::none;
use crate::{bytes, code_iter};
use crate::{getset, long, members, slot, static_type, tuple, typed, unicode};
use std::mem::offset_of;
use std::ptr::null_mut;
use twinheap_abi::opcode::{CACHES, DEOPT, RESUME};
use twinheap_abi::*;

typed!(PyCodeObject, PyCode_Type);

/// Everything that a code object is made of (`struct _PyCodeConstructor`).
pub struct Parts {
    pub filename: Own,
    pub name: Own,
    pub qualname: Own,
    pub flags: i32,
    pub code: Own<PyBytesObject>,
    pub firstlineno: i32,
    pub linetable: Own<PyBytesObject>,
    pub consts: Own<PyTupleObject>,
    pub names: Own<PyTupleObject>,
    pub localsplusnames: Own<PyTupleObject>,
    pub localspluskinds: Own<PyBytesObject>,
    pub argcount: i32,
    pub posonlyargcount: i32,
    pub kwonlyargcount: i32,
    pub stacksize: i32,
    pub exceptiontable: Own<PyBytesObject>,
}

/// `_PyCode_New`.
pub fn new(parts: Parts) -> PyResult<Own<PyCodeObject>> {
    let instructions = bytes::data_of(&parts.code);
    if instructions.is_empty() || !instructions.len().is_multiple_of(2) {
        return Err(value_error("code: co_code is malformed"));
    }
    intern_names(&parts.names);
    intern_names(&parts.localsplusnames);
    intern_constants(&parts.consts);
    let count = instructions.len() / 2;
    let size = offset_of!(PyCodeObject, co_code_adaptive) + instructions.len();
    let object: *mut PyCodeObject = memory::new_object(&PyCode_Type, size)?;
    // SAFETY: fresh memory of that size.
    unsafe {
        std::ptr::write_bytes(
            object.cast::<u8>().add(size_of::<PyVarObject>()),
            0,
            size - size_of::<PyVarObject>(),
        );
        let code = &*object;
        code.ob_size.set(count as isize);
        let target = code.co_code_adaptive.as_ptr().cast_mut().cast::<u8>();
        std::ptr::copy_nonoverlapping(instructions.as_ptr(), target, instructions.len());
        fill(code, parts);
        Ok(Own::from_raw(object))
    }
}

fn fill(code: &PyCodeObject, parts: Parts) {
    let kinds = bytes::data_of(&parts.localspluskinds);
    let count = |test: &dyn Fn(u8) -> bool| kinds.iter().filter(|&&kind| test(kind)).count() as i32;
    code.co_nlocalsplus.set(kinds.len() as i32);
    code.co_nlocals
        .set(count(&|kind| kind & CO_FAST_LOCAL != 0));
    code.co_nplaincellvars.set(count(&|kind| {
        kind & CO_FAST_CELL != 0 && kind & CO_FAST_LOCAL == 0
    }));
    code.co_ncellvars
        .set(count(&|kind| kind & CO_FAST_CELL != 0));
    code.co_nfreevars
        .set(count(&|kind| kind & CO_FAST_FREE != 0));
    code.co_flags.set(parts.flags);
    code.co_warmup.set(-8);
    code.co_argcount.set(parts.argcount);
    code.co_posonlyargcount.set(parts.posonlyargcount);
    code.co_kwonlyargcount.set(parts.kwonlyargcount);
    code.co_stacksize.set(parts.stacksize);
    code.co_firstlineno.set(parts.firstlineno);
    code.co_consts.set(parts.consts.into_raw().cast());
    code.co_names.set(parts.names.into_raw().cast());
    code.co_exceptiontable
        .set(parts.exceptiontable.into_raw().cast());
    code.co_localsplusnames
        .set(parts.localsplusnames.into_raw().cast());
    code.co_localspluskinds
        .set(parts.localspluskinds.into_raw().cast());
    code.co_filename.set(parts.filename.into_raw());
    code.co_name.set(parts.name.into_raw());
    code.co_qualname.set(parts.qualname.into_raw());
    code.co_linetable.set(parts.linetable.into_raw().cast());
    code.co_weakreflist.set(null_mut());
    code._co_code.set(null_mut());
    code._co_linearray.set(null_mut());
    let mut first = 0;
    while first < code.ob_size.get() as usize {
        if instructions_of(code)[first] as u8 == RESUME {
            break;
        }
        first += 1;
    }
    code._co_firsttraceable.set(first as i32);
}

/// The instructions.
#[inline(always)]
pub fn instructions_of(code: &PyCodeObject) -> &[_Py_CODEUNIT] {
    // SAFETY: `ob_size` instructions lie behind the header.
    unsafe {
        std::slice::from_raw_parts(
            code.co_code_adaptive.as_ptr().cast(),
            code.ob_size.get() as usize,
        )
    }
}

/// Replaces the strings of a tuple under construction by their interned twins (`intern_strings`).
fn intern_names(names: &PyTupleObject) {
    for index in 0..names.ob_size.get() as usize {
        intern_item(names, index);
    }
}

fn intern_item(items: &PyTupleObject, index: usize) {
    // SAFETY: the item's slot; the tuple belongs to a code object under construction.
    unsafe {
        let place = tuple::items_pointer(items).add(index);
        let text: Own<PyASCIIObject> = Own::from_raw((*place).cast());
        *place = unicode::intern(text).into_raw().cast();
    }
}

/// Constants that look like names are interned, in nested tuples and frozensets too.
fn intern_constants(consts: &PyTupleObject) {
    for index in 0..consts.ob_size.get() as usize {
        let item = tuple::items(consts)[index];
        if let Some(text) = item.downcast_exact::<PyASCIIObject>() {
            if all_name_characters(text) {
                intern_item(consts, index);
            }
        } else if let Some(nested) = item.downcast_exact::<PyTupleObject>() {
            intern_constants(nested);
        } else if item.is_exactly(&crate::set::PyFrozenSet_Type) {
            intern_frozenset(consts, index);
        }
    }
}

fn intern_frozenset(consts: &PyTupleObject, index: usize) {
    let item = Own::new(tuple::items(consts)[index]);
    let Ok(members) = tuple::from_iterable(&item) else {
        crate::errors::clear();
        return;
    };
    let before: Vec<*mut PyObject> = tuple::items(&members).iter().map(|m| m.as_raw()).collect();
    intern_constants(&members);
    let changed = tuple::items(&members)
        .iter()
        .zip(before)
        .any(|(new, old)| new.as_raw() != old);
    if changed && let Ok(made) = crate::set::frozen_from_iterable(members.as_object()) {
        // SAFETY: the item's slot; the tuple belongs to a code object under construction.
        unsafe {
            let place = tuple::items_pointer(consts).add(index);
            let old = std::ptr::replace(place, made.into_raw().cast());
            crate::own::decref(old);
        }
    }
}

fn all_name_characters(text: &PyASCIIObject) -> bool {
    unicode::as_ascii(text).is_some_and(|text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// `co_code`: base instructions, caches zeroed.
pub fn base_instructions(code: &PyCodeObject) -> Vec<u8> {
    let instructions = instructions_of(code);
    let mut out = Vec::with_capacity(instructions.len() * 2);
    let mut index = 0;
    while index < instructions.len() {
        let opcode = DEOPT[usize::from(instructions[index] as u8)];
        out.extend_from_slice(&[opcode, (instructions[index] >> 8) as u8]);
        let caches = usize::from(CACHES[usize::from(opcode)]);
        out.resize(out.len() + 2 * caches, 0);
        index += 1 + caches;
    }
    out
}

/// `_co_code_adaptive`: the instructions as they are, caches included.
fn get_code_adaptive(code: &PyCodeObject) -> PyResult {
    let instructions = instructions_of(code);
    let units = instructions.iter().flat_map(|unit| unit.to_le_bytes());
    Ok(bytes::from_slice(&units.collect::<Vec<u8>>())?.upcast())
}

/// A position in the source, as the line table tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub line: Option<i32>,
    pub end_line: Option<i32>,
    pub column: Option<i32>,
    pub end_column: Option<i32>,
}

/// Walks the entries of a line table: first instruction, number of instructions, position.
pub struct LineTable<'a> {
    table: &'a [u8],
    at: usize,
    line: i32,
    instruction: usize,
}

impl<'a> LineTable<'a> {
    pub fn new(code: &'a PyCodeObject) -> LineTable<'a> {
        // SAFETY: the line table of a code object is bytes.
        let table = unsafe { bytes::data_of(&*code.co_linetable.get().cast()) };
        LineTable {
            table,
            at: 0,
            line: code.co_firstlineno.get(),
            instruction: 0,
        }
    }

    /// Goes on where so many bytes of the table are left.
    pub(crate) fn resume(
        code: &'a PyCodeObject,
        left: usize,
        line: i32,
        instruction: usize,
    ) -> LineTable<'a> {
        let whole = LineTable::new(code);
        LineTable {
            at: whole.table.len() - left,
            line,
            instruction,
            ..whole
        }
    }

    /// The line that the next entry counts from.
    pub(crate) fn line(&self) -> i32 {
        self.line
    }

    /// How many bytes of the table are left.
    pub(crate) fn bytes_left(&self) -> usize {
        self.table.len().saturating_sub(self.at)
    }

    fn varint(&mut self) -> u32 {
        let mut value = 0;
        let mut shift = 0;
        while let Some(&byte) = self.table.get(self.at) {
            self.at += 1;
            value |= u32::from(byte & 63) << shift;
            shift += 6;
            if byte & 64 == 0 {
                break;
            }
        }
        value
    }

    fn signed_varint(&mut self) -> i32 {
        let value = self.varint();
        if value & 1 != 0 {
            -((value >> 1) as i32)
        } else {
            (value >> 1) as i32
        }
    }

    fn byte(&mut self) -> i32 {
        let byte = self.table.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        i32::from(byte)
    }
}

impl Iterator for LineTable<'_> {
    type Item = (usize, usize, Position);

    fn next(&mut self) -> Option<Self::Item> {
        let first = *self.table.get(self.at)?;
        self.at += 1;
        let count = usize::from(first & 7) + 1;
        let kind = first >> 3 & 15;
        let mut position = Position::default();
        match kind {
            15 => {}
            14 => {
                self.line += self.signed_varint();
                position.line = Some(self.line);
                position.end_line = Some(self.line + self.varint() as i32);
                let (column, end_column) = (self.varint() as i32, self.varint() as i32);
                position.column = (column > 0).then_some(column - 1);
                position.end_column = (end_column > 0).then_some(end_column - 1);
            }
            13 => {
                self.line += self.signed_varint();
                position.line = Some(self.line);
                position.end_line = Some(self.line);
            }
            10..=12 => {
                self.line += i32::from(kind) - 10;
                position.line = Some(self.line);
                position.end_line = Some(self.line);
                position.column = Some(self.byte());
                position.end_column = Some(self.byte());
            }
            _ => {
                let second = self.byte();
                let column = i32::from(kind) << 3 | second >> 4;
                position.line = Some(self.line);
                position.end_line = Some(self.line);
                position.column = Some(column);
                position.end_column = Some(column + (second & 15));
            }
        }
        let start = self.instruction;
        self.instruction += count;
        Some((start, count, position))
    }
}

/// Where in the source the instruction at a byte offset comes from.
pub fn position_of(code: &PyCodeObject, offset: i32) -> Position {
    if offset < 0 {
        return Position {
            line: Some(code.co_firstlineno.get()),
            ..Position::default()
        };
    }
    let instruction = offset as usize / 2;
    LineTable::new(code)
        .find(|(start, count, _)| (*start..start + count).contains(&instruction))
        .map_or_else(Position::default, |(_, _, position)| position)
}

/// `PyCode_Addr2Line`; -1 where there is no line.
pub fn line_of(code: &PyCodeObject, offset: i32) -> i32 {
    position_of(code, offset).line.unwrap_or(-1)
}

fn names_by_kind(code: &PyCodeObject, mask: u8) -> PyResult {
    // SAFETY: names are a tuple, kinds are bytes.
    let (names, kinds) = unsafe {
        (
            tuple::items(&*code.co_localsplusnames.get().cast()),
            bytes::data_of(&*code.co_localspluskinds.get().cast()),
        )
    };
    let picked: Vec<&PyObject> = names
        .iter()
        .zip(kinds)
        .filter(|(_, kind)| **kind & mask != 0)
        .map(|(name, _)| *name)
        .collect();
    Ok(tuple::pack(&picked)?.upcast())
}

/// `co_code`, which the code keeps.
pub fn get_code(code: &PyCodeObject) -> PyResult {
    if let Some(cached) = code._co_code.own() {
        return Ok(cached);
    }
    let made = bytes::from_slice(&base_instructions(code))?.upcast();
    code._co_code.put(Some(made.clone()));
    Ok(made)
}

fn get_varnames(code: &PyCodeObject) -> PyResult {
    names_by_kind(code, CO_FAST_LOCAL)
}

fn get_cellvars(code: &PyCodeObject) -> PyResult {
    names_by_kind(code, CO_FAST_CELL)
}

fn get_freevars(code: &PyCodeObject) -> PyResult {
    names_by_kind(code, CO_FAST_FREE)
}

fn repr(code: &PyCodeObject) -> PyResult {
    let mut writer = unicode::Writer::new();
    writer.push_str("<code object ");
    writer.push_object(code.co_name.expect_ref())?;
    writer.push_str(&format!(" at {:p}, file \"", code as *const PyCodeObject));
    writer.push_object(code.co_filename.expect_ref())?;
    writer.push_str(&format!("\", line {}>", code.co_firstlineno.get()));
    Ok(writer.finish()?.upcast())
}

/// The numbers that equality looks at.
fn numbers_of(code: &PyCodeObject) -> [i32; 5] {
    [
        code.co_argcount.get(),
        code.co_posonlyargcount.get(),
        code.co_kwonlyargcount.get(),
        code.co_flags.get(),
        code.co_firstlineno.get(),
    ]
}

/// `code_richcompare`.
fn equal_codes(a: &PyCodeObject, b: &PyCodeObject) -> PyResult<bool> {
    if !object::equal(a.co_name.expect_ref(), b.co_name.expect_ref())?
        || numbers_of(a) != numbers_of(b)
        || base_instructions(a) != base_instructions(b)
        || !same_constant(a.co_consts.expect_ref(), b.co_consts.expect_ref())?
    {
        return Ok(false);
    }
    for (mine, other) in [
        (&a.co_names, &b.co_names),
        (&a.co_localsplusnames, &b.co_localsplusnames),
        (&a.co_linetable, &b.co_linetable),
        (&a.co_exceptiontable, &b.co_exceptiontable),
    ] {
        if !object::equal(mine.expect_ref(), other.expect_ref())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two constants have the same `_PyCode_ConstantKey`: equal, of one type, zeros with their sign.
fn same_constant(a: &PyObject, b: &PyObject) -> PyResult<bool> {
    if std::ptr::eq(a, b) {
        return Ok(true);
    }
    if !std::ptr::eq(a.type_(), b.type_()) {
        return Ok(false);
    }
    if let (Some(x), Some(y)) = (
        a.downcast_ref::<PyFloatObject>(),
        b.downcast_ref::<PyFloatObject>(),
    ) {
        let (x, y) = (x.ob_fval.get(), y.ob_fval.get());
        return Ok(same_number(x, y));
    }
    if let (Some(x), Some(y)) = (
        a.downcast_ref::<PyComplexObject>(),
        b.downcast_ref::<PyComplexObject>(),
    ) {
        let (x, y) = (x.cval.get(), y.cval.get());
        return Ok(same_number(x.real, y.real) && same_number(x.imag, y.imag));
    }
    if a.is_exactly(&tuple::PyTuple_Type)
        && let (Some(x), Some(y)) = (
            a.downcast_ref::<PyTupleObject>(),
            b.downcast_ref::<PyTupleObject>(),
        )
    {
        let (x, y) = (tuple::items(x), tuple::items(y));
        if x.len() != y.len() {
            return Ok(false);
        }
        for (mine, other) in x.iter().zip(y) {
            if !same_constant(mine, other)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    object::equal(a, b)
}

/// Equal numbers, of which zeros have the same sign.
fn same_number(a: f64, b: f64) -> bool {
    a == b && (a != 0.0 || a.is_sign_negative() == b.is_sign_negative())
}

fn richcompare(a: &PyObject, b: &PyObject, op: i32) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<PyCodeObject>(),
        b.downcast_ref::<PyCodeObject>(),
    ) else {
        return Ok(crate::singletons::not_implemented());
    };
    if !matches!(op, Py_EQ | Py_NE) {
        return Ok(crate::singletons::not_implemented());
    }
    Ok(crate::singletons::bool_object(
        equal_codes(x, y)? == (op == Py_EQ),
    ))
}

/// `code_hash`: the hashes of the parts, folded together.
fn hash(code: &PyCodeObject) -> PyResult<Py_hash_t> {
    let mut folded: Py_hash_t = 0;
    for field in [
        &code.co_name,
        &code.co_consts,
        &code.co_names,
        &code.co_localsplusnames,
        &code.co_linetable,
        &code.co_exceptiontable,
    ] {
        folded ^= object::hash(field.expect_ref())?;
    }
    for number in &numbers_of(code)[..4] {
        folded ^= *number as Py_hash_t;
    }
    Ok(if folded == -1 { -2 } else { folded })
}

const CO_FAST_LOCAL: u8 = 0x20;
const CO_FAST_CELL: u8 = 0x40;
const CO_FAST_FREE: u8 = 0x80;

static REPLACE: crate::call::Signature = crate::call::Signature {
    name: "replace",
    parameters: &[
        "co_argcount",
        "co_posonlyargcount",
        "co_kwonlyargcount",
        "co_nlocals",
        "co_stacksize",
        "co_flags",
        "co_firstlineno",
        "co_code",
        "co_consts",
        "co_names",
        "co_varnames",
        "co_freevars",
        "co_cellvars",
        "co_filename",
        "co_name",
        "co_qualname",
        "co_linetable",
        "co_exceptiontable",
    ],
    required: 0,
    positional: 0,
};

/// A changed field of the wanted type, or the field as it is.
fn changed<T: crate::own::Typed>(
    given: Option<&PyObject>,
    index: usize,
    current: &PyObject,
    what: &str,
) -> PyResult<Own<T>> {
    let value = given.map_or_else(|| Own::new(current), Own::new);
    value.downcast::<T>().map_err(|other| {
        crate::errors::type_error(format_args!(
            "replace() argument '{}' must be {what}, not {}",
            REPLACE.parameters[index],
            crate::object::TypeExt::name(other.type_())
        ))
    })
}

/// `code.replace(**changes)`.
fn replace(code: &PyCodeObject, args: crate::call::Args<'_>) -> PyResult {
    let given = args.bind::<18>(&REPLACE)?;
    let number = |index: usize, current: i32| -> PyResult<i32> {
        let value = given[index].map_or(Ok(current), long::as_int)?;
        if value < 0 && index != 6 {
            return Err(value_error(format_args!(
                "{} must be a positive integer",
                REPLACE.parameters[index]
            )));
        }
        Ok(value)
    };
    let instructions: Own = match given[7] {
        Some(instructions) => Own::new(instructions),
        None => get_code(code)?,
    };
    let (names, kinds) = match given[10].or(given[11]).or(given[12]) {
        Some(_) => merged_names(code, [given[10], given[12], given[11]])?,
        // The new code has tables of its own in any case.
        None => {
            let names: Own<PyTupleObject> =
                changed(None, 10, code.co_localsplusnames.expect_ref(), "tuple")?;
            let kinds: Own<PyBytesObject> =
                changed(None, 10, code.co_localspluskinds.expect_ref(), "bytes")?;
            let names = tuple::pack(tuple::items(&names))?;
            (names, bytes::from_slice_fresh(bytes::data_of(&kinds))?)
        }
    };
    let text = |index: usize, current: &PyObject| -> PyResult {
        Ok(changed::<PyASCIIObject>(given[index], index, current, "str")?.upcast())
    };
    let made = new(Parts {
        filename: text(13, code.co_filename.expect_ref())?,
        name: text(14, code.co_name.expect_ref())?,
        qualname: text(15, code.co_qualname.expect_ref())?,
        flags: number(5, code.co_flags.get())?,
        code: changed(Some(&instructions), 7, &instructions, "bytes")?,
        firstlineno: number(6, code.co_firstlineno.get())?,
        linetable: changed(given[16], 16, code.co_linetable.expect_ref(), "bytes")?,
        consts: changed(given[8], 8, code.co_consts.expect_ref(), "tuple")?,
        names: changed(given[9], 9, code.co_names.expect_ref(), "tuple")?,
        localsplusnames: names,
        localspluskinds: kinds,
        argcount: number(0, code.co_argcount.get())?,
        posonlyargcount: number(1, code.co_posonlyargcount.get())?,
        kwonlyargcount: number(2, code.co_kwonlyargcount.get())?,
        stacksize: number(4, code.co_stacksize.get())?,
        exceptiontable: changed(given[17], 17, code.co_exceptiontable.expect_ref(), "bytes")?,
    })?;
    if let Some(locals) = given[3]
        && long::as_int(locals)? != made.co_nlocals.get()
    {
        return Err(value_error("code: co_nlocals != len(co_varnames)"));
    }
    Ok(made.upcast())
}

/// The names of locals, cells and free variables as one table with their kinds.
fn merged_names(
    code: &PyCodeObject,
    given: [Option<&PyObject>; 3],
) -> PyResult<(Own<PyTupleObject>, Own<PyBytesObject>)> {
    let kinds = [CO_FAST_LOCAL, CO_FAST_CELL, CO_FAST_FREE];
    let current = [
        crate::id!("co_varnames"),
        crate::id!("co_cellvars"),
        crate::id!("co_freevars"),
    ];
    let mut names: Vec<Own> = Vec::new();
    let mut bits: Vec<u8> = Vec::new();
    for ((given, kind), current) in given.into_iter().zip(kinds).zip(current) {
        let part = match given {
            Some(given) => Own::new(given),
            None => object::get_attr(code.as_object(), current)?,
        };
        let part: Own<PyTupleObject> = changed(Some(&part), 10, &part, "tuple")?;
        for name in tuple::items(&part) {
            let mut known = None;
            for (index, other) in names.iter().enumerate() {
                if kind == CO_FAST_CELL && object::equal(other, name)? {
                    known = Some(index);
                }
            }
            match known {
                Some(index) => bits[index] |= CO_FAST_CELL,
                None => {
                    names.push(Own::new(*name));
                    bits.push(kind);
                }
            }
        }
    }
    Ok((tuple::from_vec(names)?, bytes::from_slice(&bits)?))
}

/// The name of a local variable by its place among locals, cells and free variables.
fn varname_from_oparg(code: &PyCodeObject, args: crate::call::Args<'_>) -> PyResult {
    static SIGNATURE: crate::call::Signature = crate::call::Signature {
        name: "_varname_from_oparg",
        parameters: &["oparg"],
        required: 1,
        positional: 1,
    };
    let [index] = args.bind::<1>(&SIGNATURE)?;
    let index = long::as_int(index.expect("required"))?;
    let names = code.co_localsplusnames.expect_ref();
    match names.downcast_ref::<PyTupleObject>() {
        Some(names) => tuple::tuple_item(names, index as isize),
        None => Ok(none()),
    }
}

unsafe fn dealloc(code: *mut PyCodeObject) {
    // SAFETY: called once, when the last reference is gone.
    unsafe {
        let object = &*code;
        if !object.co_weakreflist.get().is_null() {
            crate::weakref::clear_all(object.as_object());
        }
        for field in [
            &object.co_consts,
            &object.co_names,
            &object.co_localsplusnames,
            &object.co_localspluskinds,
            &object.co_filename,
            &object.co_name,
            &object.co_qualname,
            &object.co_linetable,
            &object.co_exceptiontable,
            &object._co_code,
        ] {
            field.clear();
        }
        memory::object_del(code.cast());
    }
}

members! {
    static MEMBERS:
    "co_argcount" => T_INT, offset_of!(PyCodeObject, co_argcount), READONLY;
    "co_posonlyargcount" => T_INT, offset_of!(PyCodeObject, co_posonlyargcount), READONLY;
    "co_kwonlyargcount" => T_INT, offset_of!(PyCodeObject, co_kwonlyargcount), READONLY;
    "co_stacksize" => T_INT, offset_of!(PyCodeObject, co_stacksize), READONLY;
    "co_flags" => T_INT, offset_of!(PyCodeObject, co_flags), READONLY;
    "co_names" => T_OBJECT, offset_of!(PyCodeObject, co_names), READONLY;
    "co_filename" => T_OBJECT, offset_of!(PyCodeObject, co_filename), READONLY;
    "co_name" => T_OBJECT, offset_of!(PyCodeObject, co_name), READONLY;
    "co_qualname" => T_OBJECT, offset_of!(PyCodeObject, co_qualname), READONLY;
    "co_firstlineno" => T_INT, offset_of!(PyCodeObject, co_firstlineno), READONLY;
    "co_linetable" => T_OBJECT, offset_of!(PyCodeObject, co_linetable), READONLY;
    "co_exceptiontable" => T_OBJECT, offset_of!(PyCodeObject, co_exceptiontable), READONLY;
    "co_nlocals" => T_INT, offset_of!(PyCodeObject, co_nlocals), READONLY;
    "co_consts" => T_OBJECT, offset_of!(PyCodeObject, co_consts), READONLY;
}

getset! {
    static GETSET:
    "_co_code_adaptive" => get_code_adaptive;
    "co_code" => get_code;
    "co_varnames" => get_varnames;
    "co_cellvars" => get_cellvars;
    "co_freevars" => get_freevars;
}

crate::methods! {
    static METHODS:
    "co_lines" => noargs(code_iter::lines);
    "co_positions" => noargs(code_iter::positions);
    "replace" => keywords(replace);
    "_varname_from_oparg" => keywords(varname_from_oparg);
}

static_type! {
    /// `code`.
    PyCode_Type = "code", size offset_of!(PyCodeObject, co_code_adaptive), 2, flags Py_TPFLAGS_DEFAULT;
    tp_dealloc: slot!(dealloc dealloc),
    tp_repr: slot!(unary repr),
    tp_hash: slot!(hash hash),
    tp_getattro: Some(object::PyObject_GenericGetAttr),
    tp_richcompare: slot!(richcmp richcompare),
    tp_weaklistoffset: offset_of!(PyCodeObject, co_weakreflist) as isize,
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
    tp_getset: GETSET.as_ptr(),
}
