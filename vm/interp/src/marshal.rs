//! Reading marshal's format (`Python/marshal.c`): what `.pyc` files and the compiler hand over.

use twinheap_abi::*;
use twinheap_objects::errors::{PyResult, type_error, value_error};
use twinheap_objects::object::{self, ObjectExt};
use twinheap_objects::own::{Layout, Own};
use twinheap_objects::{
    bytes, code, complex, dict, errors, exceptions, float, list, long, set, singletons, tuple,
    unicode,
};

const FLAG_REF: u8 = 0x80;
const MAX_DEPTH: usize = 2000;

/// The names of code, and of a source, that has none.
static ANONYMOUS: [unicode::StaticText; 7] = [
    unicode::StaticText::new("<string>"),
    unicode::StaticText::new("<module>"),
    unicode::StaticText::new("<lambda>"),
    unicode::StaticText::new("<listcomp>"),
    unicode::StaticText::new("<setcomp>"),
    unicode::StaticText::new("<dictcomp>"),
    unicode::StaticText::new("<genexpr>"),
];

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    /// Objects that later ones refer to by number; None while an object is being read.
    refs: Own<PyListObject>,
    depth: usize,
    /// The bytes come straight from the compiler.
    compiled: bool,
    /// The name of the file, where the compiler was given one.
    filename: Option<&'a PyObject>,
    /// What is read is a field of a code object, not a constant.
    in_code_field: bool,
}

/// `marshal.loads`.
pub fn loads(data: &[u8]) -> PyResult {
    read_counting(data, None).map(|(object, _)| object)
}

/// `marshal.loads`, and how many bytes the object took.
pub fn loads_counting(data: &[u8]) -> PyResult<(Own, usize)> {
    read_counting(data, None)
}

/// Reads what the compiler has just made. It lists a frozenset's items in source order; CPython's
/// compiler builds such a set once of the source and once more when it merges constants, and the
/// order of the table tells. All its code keeps the very name of the file that it was given.
pub fn loads_compiled(data: &[u8], filename: Option<&PyObject>) -> PyResult {
    read_counting(data, Some(filename)).map(|(object, _)| object)
}

fn read_counting(data: &[u8], compiled: Option<Option<&PyObject>>) -> PyResult<(Own, usize)> {
    let mut reader = Reader {
        data,
        at: 0,
        refs: list::new(0)?,
        depth: 0,
        compiled: compiled.is_some(),
        filename: compiled.flatten(),
        in_code_field: false,
    };
    match reader.object()? {
        Some(object) => Ok((object, reader.at)),
        None => Err(type_error("NULL object in marshal data for object")),
    }
}

fn bad(what: &str) -> errors::Raised {
    value_error(format_args!("bad marshal data ({what})"))
}

impl Reader<'_> {
    fn bytes(&mut self, count: usize) -> PyResult<&[u8]> {
        let end = self
            .at
            .checked_add(count)
            .filter(|&end| end <= self.data.len());
        let Some(end) = end else {
            return Err(errors::raise(
                &exceptions::PyExc_EOFError,
                "marshal data too short",
            ));
        };
        let slice = &self.data[self.at..end];
        self.at = end;
        Ok(slice)
    }

    /// A byte that says how much follows.
    fn byte(&mut self) -> PyResult<u8> {
        let Some(&byte) = self.data.get(self.at) else {
            return Err(errors::raise(
                &exceptions::PyExc_EOFError,
                "EOF read where not expected",
            ));
        };
        self.at += 1;
        Ok(byte)
    }

    fn short(&mut self) -> PyResult<i16> {
        let bytes = self.bytes(2)?;
        Ok(i16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn int(&mut self) -> PyResult<i32> {
        let bytes = self.bytes(4)?;
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn size(&mut self, what: &str) -> PyResult<usize> {
        usize::try_from(self.int()?).map_err(|_| bad(&format!("{what} size out of range")))
    }

    fn double(&mut self) -> PyResult<f64> {
        let mut raw = [0; 8];
        raw.copy_from_slice(self.bytes(8)?);
        Ok(f64::from_le_bytes(raw))
    }

    fn text_double(&mut self) -> PyResult<f64> {
        let count = usize::from(self.byte()?);
        let text = self.bytes(count)?;
        twinheap_arith::float::parse_float(text).ok_or_else(|| {
            value_error(format_args!(
                "could not convert string to float: '{:.200}'",
                String::from_utf8_lossy(text)
            ))
        })
    }

    /// An object; none for the mark that ends a dict.
    fn object(&mut self) -> PyResult<Option<Own>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH && !self.compiled {
            return Err(value_error("recursion limit exceeded"));
        }
        if self.at >= self.data.len() {
            return Err(errors::raise(
                &exceptions::PyExc_EOFError,
                "EOF read where object expected",
            ));
        }
        let code = self.byte()?;
        let slot = match code & FLAG_REF {
            0 => None,
            _ => {
                list::append(&self.refs, &singletons::none())?;
                Some(list::items(&self.refs).len() - 1)
            }
        };
        let value = self.value(code & !FLAG_REF)?;
        if let (Some(slot), Some(value)) = (slot, &value) {
            list::set_item(&self.refs, slot, value.clone());
        }
        self.depth -= 1;
        Ok(value)
    }

    fn value(&mut self, kind: u8) -> PyResult<Option<Own>> {
        Ok(Some(match kind {
            b'0' => return Ok(None),
            b'N' => singletons::none(),
            b'F' => singletons::bool_object(false),
            b'T' => singletons::bool_object(true),
            b'S' => Own::new(&exceptions::PyExc_StopIteration).upcast(),
            b'.' => singletons::ellipsis(),
            b'i' => long::from_i64(i64::from(self.int()?))?.upcast(),
            b'I' => {
                let mut raw = [0; 8];
                raw.copy_from_slice(self.bytes(8)?);
                long::from_i64(i64::from_le_bytes(raw))?.upcast()
            }
            b'l' => self.long()?,
            b'g' => float::from_f64(self.double()?)?,
            b'f' => float::from_f64(self.text_double()?)?,
            b'y' => {
                let real = self.double()?;
                complex::new(real, self.double()?)?
            }
            b'x' => {
                let real = self.text_double()?;
                complex::new(real, self.text_double()?)?
            }
            b's' => {
                let count = self.size("bytes object")?;
                // The compiler's constants are made of data at hand, marshal's of data to be read.
                let share = self.compiled && !self.in_code_field;
                let data = self.bytes(count)?;
                if share {
                    bytes::from_slice(data)?
                } else {
                    bytes::from_slice_fresh(data)?
                }
                .upcast()
            }
            b'u' | b't' => {
                let count = self.size("string")?;
                let text = decode(self.bytes(count)?)?;
                (if kind == b't' {
                    unicode::intern(text)
                } else {
                    text
                })
                .upcast()
            }
            b'a' | b'A' => {
                let count = self.size("string")?;
                let text = unicode::from_ucs1(self.bytes(count)?)?;
                (if kind == b'A' {
                    unicode::intern(text)
                } else {
                    text
                })
                .upcast()
            }
            b'z' | b'Z' => {
                let count = usize::from(self.byte()?);
                let text = unicode::from_ucs1(self.bytes(count)?)?;
                (if kind == b'Z' {
                    unicode::intern(text)
                } else {
                    text
                })
                .upcast()
            }
            b')' => {
                let count = usize::from(self.byte()?);
                self.tuple(count)?
            }
            b'(' => {
                let count = self.size("tuple")?;
                self.tuple(count)?
            }
            b'[' => {
                let count = self.size("list")?;
                list::from_vec(self.items(count, "list")?)?.upcast()
            }
            b'{' => self.dict()?,
            b'<' | b'>' => {
                let count = self.size("set")?;
                if self.compiled && kind == b'>' {
                    let items = tuple::from_vec(self.items(count, "set")?)?;
                    let made = set::frozen_from_iterable(items.as_object())?;
                    let listed = tuple::from_iterable(made.as_object())?;
                    set::frozen_from_iterable(listed.as_object())?.upcast()
                } else {
                    self.set(kind == b'>', count)?
                }
            }
            b'r' => {
                let index = self.size("reference")?;
                match list::items(&self.refs).get(index) {
                    Some(object) if !object.is_none() => Own::new(*object),
                    _ => return Err(bad("invalid reference")),
                }
            }
            b'c' => self.code()?,
            _ => return Err(bad("unknown type code")),
        }))
    }

    /// The set is there before its items, as the collector's lists show.
    fn set(&mut self, is_frozen: bool, count: usize) -> PyResult {
        if is_frozen && count == 0 {
            return Ok(set::frozen_from_iterable(tuple::empty().as_object())?.upcast());
        }
        let type_ = if is_frozen {
            &set::PyFrozenSet_Type
        } else {
            &set::PySet_Type
        };
        let made = set::new_empty(type_)?;
        for _ in 0..count {
            let item = self.required("set")?;
            set::add(&made, &item)?;
        }
        Ok(made.upcast())
    }

    /// The tuple is there before its items, as the collector's lists show.
    fn tuple(&mut self, count: usize) -> PyResult {
        if count > self.data.len() - self.at {
            // There are fewer bytes than items: reading them fails, and says how.
            for _ in 0..count {
                self.required("tuple")?;
            }
        }
        let made = tuple::new(count)?;
        for index in 0..count {
            tuple::set_new_item(&made, index, self.required("tuple")?);
        }
        Ok(made.upcast())
    }

    fn items(&mut self, count: usize, what: &str) -> PyResult<Vec<Own>> {
        let mut items = Vec::with_capacity(count.min(1 << 16));
        for _ in 0..count {
            items.push(self.required(what)?);
        }
        Ok(items)
    }

    fn required(&mut self, what: &str) -> PyResult {
        self.object()?
            .ok_or_else(|| type_error(format_args!("NULL object in marshal data for {what}")))
    }

    fn dict(&mut self) -> PyResult {
        let made = dict::new()?;
        while let Some(key) = self.object()? {
            // A key without a value ends the dict as well.
            let Some(value) = self.object()? else {
                break;
            };
            dict::set_item(&made, &key, &value)?;
        }
        Ok(made.upcast())
    }

    /// An int in digits of 15 bits.
    fn long(&mut self) -> PyResult {
        let count = self.int()?;
        let mut digits = Vec::new();
        let (mut pending, mut bits) = (0u64, 0);
        for left in (0..count.unsigned_abs()).rev() {
            let digit = self.short()?;
            if digit == 0 && left == 0 {
                return Err(bad("unnormalized long data"));
            }
            if digit < 0 {
                return Err(bad("digit out of range in long"));
            }
            pending |= (digit as u64) << bits;
            bits += 15;
            if bits >= 30 {
                digits.push((pending & u64::from(PyLong_MASK)) as u32);
                pending >>= 30;
                bits -= 30;
            }
        }
        if bits > 0 {
            digits.push(pending as u32);
        }
        Ok(long::from_digits(count < 0, &digits)?.upcast())
    }

    fn typed_bytes(&mut self) -> PyResult<Own<PyBytesObject>> {
        self.in_code_field = true;
        let field = self.required("object");
        self.in_code_field = false;
        field?
            .downcast::<PyBytesObject>()
            .map_err(|_| bad("code: bytes expected"))
    }

    fn typed_tuple(&mut self) -> PyResult<Own<PyTupleObject>> {
        self.required("object")?
            .downcast::<PyTupleObject>()
            .map_err(|_| bad("code: tuple expected"))
    }

    fn typed_text(&mut self) -> PyResult {
        let text = self.required("object")?;
        if text.downcast_ref::<PyASCIIObject>().is_none() {
            return Err(bad("code: string expected"));
        }
        Ok(text)
    }

    fn code(&mut self) -> PyResult {
        let (argcount, posonlyargcount) = (self.int()?, self.int()?);
        let (kwonlyargcount, stacksize, flags) = (self.int()?, self.int()?, self.int()?);
        let instructions = self.typed_bytes()?;
        let consts = self.typed_tuple()?;
        let names = self.typed_tuple()?;
        let localsplusnames = self.typed_tuple()?;
        let localspluskinds = self.typed_bytes()?;
        let mut filename = self.typed_text()?;
        let mut name = self.typed_text()?;
        let mut qualname = self.typed_text()?;
        let firstlineno = self.int()?;
        let linetable = self.typed_bytes()?;
        let exceptiontable = self.typed_bytes()?;
        if self.compiled {
            // The compiler names what has no name by static strings, and looks tables up in a dict.
            filename = match self.filename {
                Some(given) => Own::new(given),
                None => compiled_name(filename),
            };
            // Constants are keys of the dict that merges them.
            for constant in tuple::items(&consts) {
                hash_constant(constant)?;
            }
            name = compiled_name(name);
            qualname = compiled_name(qualname);
            object::hash(linetable.as_object())?;
            object::hash(exceptiontable.as_object())?;
        }
        if tuple::items(&localsplusnames).len() != bytes::data_of(&localspluskinds).len() {
            return Err(bad("code: locals and kinds differ in number"));
        }
        if [argcount, posonlyargcount, kwonlyargcount, stacksize]
            .iter()
            .any(|&count| !(0..1 << 20).contains(&count))
        {
            return Err(bad("code: a count is out of range"));
        }
        Ok(code::new(code::Parts {
            filename,
            name,
            qualname,
            flags,
            code: instructions,
            firstlineno,
            linetable,
            consts,
            names,
            localsplusnames,
            localspluskinds,
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            exceptiontable,
        })?
        .upcast())
    }
}

/// The static str of a name that stands for none.
pub fn anonymous(name: &str) -> Option<Own<PyASCIIObject>> {
    let wanted = unicode::from_str(name).ok()?;
    unicode::StaticText::find(&ANONYMOUS, &wanted)
}

/// Hashes what a constant's key in the compiler's dict is made of.
fn hash_constant(constant: &PyObject) -> PyResult<()> {
    if let Some(items) = constant.downcast_exact::<PyTupleObject>() {
        return tuple::items(items)
            .iter()
            .try_for_each(|item| hash_constant(item));
    }
    object::hash(constant).map(|_| ())
}

/// A name of code as the compiler has it: the static string where the code has no name.
fn compiled_name(name: Own) -> Own {
    let found = name
        .downcast_ref::<PyASCIIObject>()
        .and_then(|text| unicode::StaticText::find(&ANONYMOUS, text));
    found.map_or(name, Own::upcast)
}

/// UTF-8 in which lone surrogates are encoded as they are.
fn decode(data: &[u8]) -> PyResult<Own<PyASCIIObject>> {
    match std::str::from_utf8(data) {
        Ok(text) => unicode::from_str(text),
        Err(_) => unicode::codecs::decode(data, unicode::codecs::Encoding::Utf8, "surrogatepass"),
    }
}
