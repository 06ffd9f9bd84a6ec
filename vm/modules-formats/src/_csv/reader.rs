//! `_csv.reader`: records out of lines, character by character.

use super::dialect::{DialectObject, NOT_SET, QUOTE_NONE, QUOTE_NONNUMERIC};
use super::{Characters, FIELD_LIMIT, call_dialect, csv_error};
use crate::prelude::*;

object_struct! {
    /// `ReaderObj`.
    pub struct ReaderObject {
        input_iter: Pointer<PyObject>,
        dialect: Pointer<DialectObject>,
        fields: Pointer<PyListObject>,
        state: Cell<i32>,
        field: Characters,
        field_size: Cell<isize>,
        field_len: Cell<isize>,
        numeric_field: Cell<i32>,
        line_num: Cell<u64>,
    }
}

const START_RECORD: i32 = 0;
const START_FIELD: i32 = 1;
const ESCAPED_CHAR: i32 = 2;
const IN_FIELD: i32 = 3;
const IN_QUOTED_FIELD: i32 = 4;
const ESCAPE_IN_QUOTED_FIELD: i32 = 5;
const QUOTE_IN_QUOTED_FIELD: i32 = 6;
const EAT_CRNL: i32 = 7;
const AFTER_ESCAPED_CRNL: i32 = 8;

/// What stands for the end of a line's characters.
const EOL: u32 = u32::MAX - 1;

fn is_newline(c: u32) -> bool {
    c == u32::from(b'\n') || c == u32::from(b'\r')
}

impl ReaderObject {
    fn reset(&self) -> PyResult<()> {
        self.fields.put(Some(list::new(0)?));
        self.field_len.set(0);
        self.state.set(START_RECORD);
        self.numeric_field.set(0);
        Ok(())
    }

    fn add(&self, c: u32) -> PyResult<()> {
        let length = self.field_len.get();
        if length as i64 >= FIELD_LIMIT.get() {
            return Err(csv_error(format_args!(
                "field larger than field limit ({})",
                FIELD_LIMIT.get()
            )));
        }
        if length == self.field_size.get() {
            let room = match self.field_size.get() {
                0 => 4096,
                size => 2 * size,
            };
            self.field.resize(room)?;
            self.field_size.set(room);
        }
        // SAFETY: there is room.
        unsafe { self.field.set(length, c) };
        self.field_len.set(length + 1);
        Ok(())
    }

    fn save(&self) -> PyResult<()> {
        // SAFETY: so many characters were written.
        let text = unsafe { self.field.text(self.field_len.get())? };
        self.field_len.set(0);
        let mut field = text.upcast();
        if self.numeric_field.replace(0) != 0 {
            field = float::from_object(&field)?;
        }
        match self.fields.as_ref() {
            Some(fields) => list::append_take(fields, field),
            None => Err(errors::system_error("a reader without fields")),
        }
    }

    /// The end of a field, and perhaps of the record.
    fn end_field(&self, c: u32) -> PyResult<()> {
        self.save()?;
        self.state
            .set(if c == EOL { START_RECORD } else { EAT_CRNL });
        Ok(())
    }

    /// `parse_process_char`.
    fn process(&self, dialect: &DialectObject, c: u32) -> PyResult<()> {
        let quoting = dialect.quoting.get();
        let is = |set: &Cell<u32>| set.get() != NOT_SET && set.get() == c;
        let is_quote = is(&dialect.quotechar) && quoting != QUOTE_NONE;
        match self.state.get() {
            START_RECORD if c == EOL => {}
            START_RECORD if is_newline(c) => self.state.set(EAT_CRNL),
            START_RECORD | START_FIELD => return self.begin_field(dialect, c),
            ESCAPED_CHAR => {
                self.add(if c == EOL { u32::from(b'\n') } else { c })?;
                self.state.set(if is_newline(c) {
                    AFTER_ESCAPED_CRNL
                } else {
                    IN_FIELD
                });
            }
            AFTER_ESCAPED_CRNL if c == EOL => {}
            AFTER_ESCAPED_CRNL | IN_FIELD => {
                if is_newline(c) || c == EOL {
                    self.end_field(c)?;
                } else if is(&dialect.escapechar) {
                    self.state.set(ESCAPED_CHAR);
                } else if is(&dialect.delimiter) {
                    self.save()?;
                    self.state.set(START_FIELD);
                } else {
                    self.add(c)?;
                }
            }
            IN_QUOTED_FIELD if c == EOL => {}
            IN_QUOTED_FIELD => {
                if is(&dialect.escapechar) {
                    self.state.set(ESCAPE_IN_QUOTED_FIELD);
                } else if is_quote {
                    self.state.set(if dialect.doublequote.get() != 0 {
                        QUOTE_IN_QUOTED_FIELD
                    } else {
                        IN_FIELD
                    });
                } else {
                    self.add(c)?;
                }
            }
            ESCAPE_IN_QUOTED_FIELD => {
                self.add(if c == EOL { u32::from(b'\n') } else { c })?;
                self.state.set(IN_QUOTED_FIELD);
            }
            QUOTE_IN_QUOTED_FIELD => return self.after_quote(dialect, c, is_quote),
            _ if is_newline(c) => {}
            _ if c == EOL => self.state.set(START_RECORD),
            _ => {
                return Err(csv_error(
                    "new-line character seen in unquoted field - do you need to open the file in universal-newline mode?",
                ));
            }
        }
        Ok(())
    }

    /// The first character of a field.
    fn begin_field(&self, dialect: &DialectObject, c: u32) -> PyResult<()> {
        self.state.set(START_FIELD);
        if is_newline(c) || c == EOL {
            return self.end_field(c);
        }
        if c == dialect.quotechar.get() && dialect.quoting.get() != QUOTE_NONE {
            self.state.set(IN_QUOTED_FIELD);
        } else if c == dialect.escapechar.get() {
            self.state.set(ESCAPED_CHAR);
        } else if c == u32::from(b' ') && dialect.skipinitialspace.get() != 0 {
        } else if c == dialect.delimiter.get() {
            self.save()?;
        } else {
            if dialect.quoting.get() == QUOTE_NONNUMERIC {
                self.numeric_field.set(1);
            }
            self.add(c)?;
            self.state.set(IN_FIELD);
        }
        Ok(())
    }

    /// What follows a quote inside a quoted field.
    fn after_quote(&self, dialect: &DialectObject, c: u32, is_quote: bool) -> PyResult<()> {
        if is_quote {
            self.add(c)?;
            self.state.set(IN_QUOTED_FIELD);
        } else if c == dialect.delimiter.get() {
            self.save()?;
            self.state.set(START_FIELD);
        } else if is_newline(c) || c == EOL {
            self.end_field(c)?;
        } else if dialect.strict.get() == 0 {
            self.add(c)?;
            self.state.set(IN_FIELD);
        } else {
            let shown = |c: u32| char::from_u32(c).unwrap_or('\u{fffd}');
            return Err(csv_error(format_args!(
                "'{}' expected after '{}'",
                shown(dialect.delimiter.get()),
                shown(dialect.quotechar.get())
            )));
        }
        Ok(())
    }
}

/// `Reader_iternext`.
fn next(this: &ReaderObject) -> PyResult<Option<Own>> {
    this.reset()?;
    let dialect = Own::new(this.dialect.expect_ref());
    let input = Own::new(this.input_iter.expect_ref());
    loop {
        let Some(line) = abstract_::next(&input)? else {
            let pending = this.field_len.get() != 0 || this.state.get() == IN_QUOTED_FIELD;
            if !pending {
                return Ok(None);
            }
            if dialect.strict.get() != 0 {
                return Err(csv_error("unexpected end of data"));
            }
            this.save()?;
            break;
        };
        let Some(text) = line.downcast_ref::<PyASCIIObject>() else {
            return Err(csv_error(format_args!(
                "iterator should return strings, not {:.200} (the file should be opened in text mode)",
                line.type_().name()
            )));
        };
        this.line_num.set(this.line_num.get() + 1);
        for c in unicode::text(text).iter() {
            this.process(&dialect, c)?;
        }
        this.process(&dialect, EOL)?;
        if this.state.get() == START_RECORD {
            break;
        }
    }
    Ok(this.fields.take_own().map(Own::upcast))
}

/// `_csv.reader`.
pub fn csv_reader(_: &PyObject, args: &PyTupleObject, kwargs: Option<&PyDictObject>) -> PyResult {
    let items = tuple::items(args);
    call::check_positional("", items.len(), 1, 2)?;
    let input = abstract_::get_iter(items[0])?;
    let dialect = call_dialect(items.get(1).copied(), kwargs)?;
    let made = ReaderObject::alloc(&Reader_Type)?;
    made.reset()?;
    made.input_iter.put(Some(input));
    made.dialect.put(Some(dialect));
    Ok(made.upcast())
}

members! {
    static MEMBERS:
    "dialect" => T_OBJECT, offset_of!(ReaderObject, dialect), READONLY;
    "line_num" => T_ULONG, offset_of!(ReaderObject, line_num), READONLY;
}

fn clear(this: &ReaderObject) {
    this.dialect.clear();
    this.input_iter.clear();
    this.fields.clear();
}

static_type! {
    /// `_csv.reader`.
    Reader_Type = "_csv.reader", size size_of::<ReaderObject>(), 0,
        flags Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    tp_dealloc: slot!(dealloc ReaderObject::dealloc),
    tp_traverse: slot!(traverse ReaderObject::traverse),
    tp_clear: slot!(clear clear),
    tp_iter: slot!(unary object::self_iter),
    tp_iternext: slot!(iternext next),
    tp_members: MEMBERS.as_ptr(),
}
