//! `_csv.writer`: records as lines, quoted and escaped as the dialect says.

use super::dialect::{DialectObject, NOT_SET, QUOTE_ALL, QUOTE_NONE, QUOTE_NONNUMERIC};
use super::{Characters, call_dialect, csv_error, error_type};
use crate::prelude::*;
use twinheap_objects::exceptions::PyExc_TypeError;

/// By how many characters the block of a record grows.
const MEM_INCR: isize = 32768;

object_struct! {
    /// `WriterObj`.
    pub struct WriterObject {
        write: Pointer<PyObject>,
        dialect: Pointer<DialectObject>,
        rec: Characters,
        rec_size: Cell<isize>,
        rec_len: Cell<isize>,
        num_fields: Cell<i32>,
        error_obj: Pointer<PyTypeObject>,
    }
}

impl WriterObject {
    fn append(&self, characters: &[u32]) -> PyResult<()> {
        let length = self.rec_len.get() + characters.len() as isize;
        if length > self.rec_size.get() {
            let room = (length / MEM_INCR + 1) * MEM_INCR;
            self.rec.resize(room)?;
            self.rec_size.set(room);
        }
        for (at, c) in (self.rec_len.get()..).zip(characters) {
            // SAFETY: there is room.
            unsafe { self.rec.set(at, *c) };
        }
        self.rec_len.set(length);
        Ok(())
    }

    /// `join_append`: one field, with what separates it from the one before.
    fn join(
        &self,
        dialect: &DialectObject,
        field: Option<&PyASCIIObject>,
        quoted: bool,
    ) -> PyResult<()> {
        let mut quoted = quoted;
        let mut shown = Vec::new();
        let terminator = unicode::text(dialect.lineterminator.expect_ref());
        let (quote, escape) = (dialect.quotechar.get(), dialect.escapechar.get());
        for c in field
            .into_iter()
            .flat_map(|field| unicode::text(field).iter())
        {
            let special = c == dialect.delimiter.get()
                || c == escape
                || c == quote
                || terminator.contains_character(c);
            if special {
                let mut want_escape = dialect.quoting.get() == QUOTE_NONE;
                if !want_escape {
                    if c == quote {
                        if dialect.doublequote.get() != 0 {
                            shown.push(quote);
                        } else {
                            want_escape = true;
                        }
                    } else if c == escape {
                        want_escape = true;
                    }
                    if !want_escape {
                        quoted = true;
                    }
                }
                if want_escape {
                    if escape == NOT_SET {
                        return Err(csv_error("need to escape, but no escapechar set"));
                    }
                    shown.push(escape);
                }
            }
            shown.push(c);
        }
        let mut record = twinheap_objects::memory::with_capacity(shown.len() + 3)?;
        if self.num_fields.get() > 0 {
            record.push(dialect.delimiter.get());
        }
        if quoted {
            record.push(quote);
        }
        record.extend(shown);
        if quoted {
            record.push(quote);
        }
        self.append(&record)?;
        self.num_fields.set(self.num_fields.get() + 1);
        Ok(())
    }
}

/// `csv_writerow`.
fn writerow(this: &WriterObject, row: &PyObject) -> PyResult {
    let dialect = Own::new(this.dialect.expect_ref());
    let iterator = abstract_::get_iter(row).map_err(|raised| {
        if !errors::matches(&PyExc_TypeError) {
            return raised;
        }
        errors::discard(raised);
        csv_error(format_args!(
            "iterable expected, not {:.200}",
            row.type_().name()
        ))
    })?;
    this.rec_len.set(0);
    this.num_fields.set(0);
    while let Some(field) = abstract_::next(&iterator)? {
        let quoted = match dialect.quoting.get() {
            QUOTE_NONNUMERIC => !abstract_::is_number(&field),
            quoting => quoting == QUOTE_ALL,
        };
        if let Some(text) = field.downcast_ref::<PyASCIIObject>() {
            this.join(&dialect, Some(text), quoted)?;
        } else if field.is_none() {
            this.join(&dialect, None, quoted)?;
        } else {
            let text = object::str(&field)?;
            drop(field);
            this.join(&dialect, Some(&text), quoted)?;
        }
    }
    if this.num_fields.get() > 0 && this.rec_len.get() == 0 {
        if dialect.quoting.get() == QUOTE_NONE {
            return Err(csv_error("single empty field record must be quoted"));
        }
        this.num_fields.set(this.num_fields.get() - 1);
        this.join(&dialect, None, true)?;
    }
    let terminator = unicode::text(dialect.lineterminator.expect_ref());
    this.append(&terminator.iter().collect::<Vec<u32>>())?;
    // SAFETY: so many characters were written.
    let line = unsafe { this.rec.text(this.rec_len.get())? };
    let write = Own::new(this.write.expect_ref());
    call::call(&write, &[line.as_object()])
}

fn writerows(this: &WriterObject, rows: &PyObject) -> PyResult {
    let iterator = abstract_::get_iter(rows)?;
    while let Some(row) = abstract_::next(&iterator)? {
        writerow(this, &row)?;
    }
    Ok(none())
}

/// `_csv.writer`.
pub fn csv_writer(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("", items.len(), 1, 2)?;
    let write = object::lookup_attr(items[0], id!("write"))?;
    let Some(write) = write.filter(|write| call::is_callable(write)) else {
        return Err(type_error("argument 1 must have a \"write\" method"));
    };
    let dialect = call_dialect(items.get(1).copied(), kwargs)?;
    let made = WriterObject::alloc(&Writer_Type)?;
    made.write.put(Some(write));
    made.dialect.put(Some(dialect));
    made.error_obj.put(Some(error_type()?));
    Ok(made.upcast())
}

methods! {
    static METHODS:
    "writerow" => o(writerow);
    "writerows" => o(writerows);
}

members! {
    static MEMBERS:
    "dialect" => T_OBJECT, offset_of!(WriterObject, dialect), READONLY;
}

fn clear(this: &WriterObject) {
    this.dialect.clear();
    this.write.clear();
    this.error_obj.clear();
}

static_type! {
    /// `_csv.writer`.
    Writer_Type = "_csv.writer", size size_of::<WriterObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc WriterObject::dealloc),
    tp_traverse: slot!(traverse WriterObject::traverse),
    tp_clear: slot!(clear clear),
    tp_methods: METHODS.as_ptr(),
    tp_members: MEMBERS.as_ptr(),
}
