//! From objects to the parser's tree (`PyAST_obj2mod`), as far as the objects fit; `validate` looks at what they mean.
//!
//! Fields are read in the order of the grammar, each once. The tree has no room for a None in a list of expressions or
//! statements, or for a constant of another type, so these are refused here, with the validator's words.

use super::{State, state};
use std::rc::Rc;
use twinheap_abi::*;
use twinheap_arith::digits;
use twinheap_objects::errors::{PyResult, Raised, runtime_error, type_error, value_error};
use twinheap_objects::object::{self, ObjectExt, TypeExt, enter_recursive_call};
use twinheap_objects::own::Own;
use twinheap_objects::{abstract_, bytes, complex, float, list, long, set, tuple, types, unicode};
use twinheap_syntax::ast::*;
use twinheap_syntax::int::Int;
use twinheap_syntax::names::{Name, Names};
use twinheap_syntax::{Ast, Mode, new_names};

/// Reads the tree that a mode of `compile` wants.
pub fn read_tree(node: &PyObject, mode: Mode) -> PyResult<Ast> {
    let wanted = match mode {
        Mode::Eval => "Expression",
        Mode::Single => "Interactive",
        _ => "Module",
    };
    let mut reader = Reader {
        state: state()?,
        names: new_names(),
    };
    if !reader.is_a(node, wanted)? {
        return Err(type_error(format_args!(
            "expected {wanted} node, got {:.400}",
            node.type_().short_name()
        )));
    }
    let module = match mode {
        Mode::Eval => Mod::Expression {
            body: reader
                .required(node, "Expression", "body", Reader::expr)?
                .into(),
        },
        Mode::Single => Mod::Interactive {
            body: reader.list(node, "Interactive", "body", Reader::stmt)?,
        },
        _ => Mod::Module {
            body: reader.list(node, "Module", "body", Reader::stmt)?,
            type_ignores: reader.list(node, "Module", "type_ignores", Reader::type_ignore)?,
        },
    };
    Ok(Ast {
        module,
        names: reader.names,
        warnings: Vec::new(),
    })
}

struct Reader {
    state: &'static State,
    names: Names,
}

/// What reads a value; none where the value is None.
type Read<T> = fn(&mut Reader, &PyObject) -> PyResult<Option<T>>;

/// The classes of statements, in the order in which an object is tried against them.
const STATEMENTS: &[&str] = &[
    "FunctionDef",
    "AsyncFunctionDef",
    "ClassDef",
    "Return",
    "Delete",
    "Assign",
    "AugAssign",
    "AnnAssign",
    "For",
    "AsyncFor",
    "While",
    "If",
    "With",
    "AsyncWith",
    "Match",
    "Raise",
    "Try",
    "TryStar",
    "Assert",
    "Import",
    "ImportFrom",
    "Global",
    "Nonlocal",
    "Expr",
    "Pass",
    "Break",
    "Continue",
];
/// The same for expressions.
const EXPRESSIONS: &[&str] = &[
    "BoolOp",
    "NamedExpr",
    "BinOp",
    "UnaryOp",
    "Lambda",
    "IfExp",
    "Dict",
    "Set",
    "ListComp",
    "SetComp",
    "DictComp",
    "GeneratorExp",
    "Await",
    "Yield",
    "YieldFrom",
    "Compare",
    "Call",
    "FormattedValue",
    "JoinedStr",
    "Constant",
    "Attribute",
    "Subscript",
    "Starred",
    "Name",
    "List",
    "Tuple",
    "Slice",
];
/// The same for patterns.
const PATTERNS: &[&str] = &[
    "MatchValue",
    "MatchSingleton",
    "MatchSequence",
    "MatchMapping",
    "MatchClass",
    "MatchStar",
    "MatchAs",
    "MatchOr",
];

/// What is said of a node of another sort.
fn unexpected(node: &PyObject, sort: &str) -> Raised {
    type_error(format_args!(
        "expected some sort of {sort}, but got {}",
        node.repr_lossy()
    ))
}

impl Reader {
    fn is_a(&self, node: &PyObject, class: &str) -> PyResult<bool> {
        let class = &self.state.classes[class];
        if std::ptr::eq(node.type_(), class.type_()) {
            return Ok(true);
        }
        types::is_instance(node, &class.object)
    }

    /// The first of some classes that a node is an instance of.
    fn class_of(
        &self,
        node: &PyObject,
        classes: &[&'static str],
        sort: &str,
    ) -> PyResult<&'static str> {
        for class in classes {
            if self.is_a(node, class)? {
                return Ok(class);
            }
        }
        Err(unexpected(node, sort))
    }

    fn attribute(&self, node: &PyObject, name: &str) -> PyResult<Option<Own>> {
        let name = unicode::intern(unicode::from_str(name)?);
        object::lookup_attr(node, &name)
    }

    /// The value of a field that must be there.
    fn field(&self, node: &PyObject, class: &str, name: &str) -> PyResult {
        self.attribute(node, name)?.ok_or_else(|| {
            type_error(format_args!(
                "required field \"{name}\" missing from {class}"
            ))
        })
    }

    /// A field that must be there and may be None.
    fn present<T>(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
        read: Read<T>,
    ) -> PyResult<Option<T>> {
        let value = self.field(node, class, name)?;
        self.within(class, &value, read)
    }

    /// A field that must be there and must not be None.
    fn required<T>(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
        read: Read<T>,
    ) -> PyResult<T> {
        self.present(node, class, name, read)?
            .ok_or_else(|| value_error(format_args!("field '{name}' is required for {class}")))
    }

    /// A field that may be missing or None.
    fn optional<T>(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
        read: Read<T>,
    ) -> PyResult<Option<T>> {
        match self.attribute(node, name)? {
            Some(value) if !value.is_none() => self.within(class, &value, read),
            _ => Ok(None),
        }
    }

    fn within<T>(&mut self, class: &str, value: &PyObject, read: Read<T>) -> PyResult<Option<T>> {
        let _depth = enter_recursive_call(&format!(" while traversing '{class}' node"))?;
        read(self, value)
    }

    /// A list whose items may be None.
    fn sparse_list<T>(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
        read: Read<T>,
    ) -> PyResult<Vec<Option<T>>> {
        let value = self.field(node, class, name)?;
        let Some(items) = value.downcast_ref::<PyListObject>() else {
            return Err(type_error(format_args!(
                "{class} field \"{name}\" must be a list, not a {:.200}",
                value.type_().short_name()
            )));
        };
        let length = list::items(items).len();
        let mut found = Vec::new();
        for item in list::iter_owned(items) {
            found.push(self.within(class, &item, read)?);
            if list::items(items).len() != length {
                return Err(runtime_error(format_args!(
                    "{class} field \"{name}\" changed size during iteration"
                )));
            }
        }
        Ok(found)
    }

    /// A list whose items are all there.
    fn list<T>(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
        read: Read<T>,
    ) -> PyResult<Vec<T>> {
        let what = match (class, name) {
            (_, "body" | "orelse" | "finalbody") => "statement",
            _ => "expression",
        };
        let items = self.sparse_list(node, class, name, read)?;
        let missing = || value_error(format_args!("None disallowed in {what} list"));
        items
            .into_iter()
            .map(|item| item.ok_or_else(missing))
            .collect()
    }

    fn int(&mut self, value: &PyObject) -> PyResult<Option<i32>> {
        if value.downcast_ref::<PyLongObject>().is_none() {
            return Err(value_error(format_args!(
                "invalid integer value: {}",
                value.repr_lossy()
            )));
        }
        long::as_int(value).map(Some)
    }

    fn identifier(&mut self, value: &PyObject) -> PyResult<Option<Name>> {
        if value.is_none() {
            return Ok(None);
        }
        let text = value
            .downcast_ref::<PyASCIIObject>()
            .filter(|_| value.is_exactly(&unicode::PyUnicode_Type));
        let Some(text) = text else {
            return Err(type_error("AST identifier must be of type str"));
        };
        let text = String::from_utf8_lossy(unicode::as_utf8(text)?).into_owned();
        Ok(Some(self.names.intern(&text)))
    }

    fn string(&mut self, value: &PyObject) -> PyResult<Option<Rc<[u8]>>> {
        if value.is_exactly(&unicode::PyUnicode_Type)
            && let Some(text) = value.downcast_ref::<PyASCIIObject>()
        {
            return Ok(Some(unicode::to_utf8_surrogatepass(text).into()));
        }
        if value.is_exactly(&bytes::PyBytes_Type)
            && let Some(data) = value.downcast_ref::<PyBytesObject>()
        {
            return Ok(Some(bytes::data_of(data).into()));
        }
        Err(type_error("AST string must be of type str"))
    }

    /// The place of a node of a sort that has one.
    fn span(&mut self, node: &PyObject, sort: &str) -> PyResult<Span> {
        let number = |this: &mut Self, name: &str| {
            this.present(node, sort, name, Reader::int)
                .map(Option::unwrap_or_default)
        };
        let lineno = number(self, "lineno")?;
        let col_offset = number(self, "col_offset")?;
        Ok(Span {
            lineno,
            col_offset,
            end_lineno: self
                .optional(node, sort, "end_lineno", Reader::int)?
                .unwrap_or(lineno),
            end_col_offset: self
                .optional(node, sort, "end_col_offset", Reader::int)?
                .unwrap_or(col_offset),
        })
    }

    fn type_ignore(&mut self, node: &PyObject) -> PyResult<Option<TypeIgnore>> {
        if node.is_none() {
            return Ok(None);
        }
        let class = self.class_of(node, &["TypeIgnore"], "type_ignore")?;
        Ok(Some(TypeIgnore {
            lineno: self.required(node, class, "lineno", Reader::int)?,
            tag: self.required(node, class, "tag", Reader::string)?,
        }))
    }

    fn stmt(&mut self, node: &PyObject) -> PyResult<Option<Stmt>> {
        if node.is_none() {
            return Ok(None);
        }
        let span = self.span(node, "stmt")?;
        let class = self.class_of(node, STATEMENTS, "stmt")?;
        let kind = self.stmt_kind(node, class)?;
        Ok(Some(Stmt { span, kind }))
    }

    fn stmt_kind(&mut self, node: &PyObject, class: &str) -> PyResult<StmtKind> {
        Ok(match class {
            "FunctionDef" => StmtKind::FunctionDef(self.function(node, class)?.into()),
            "AsyncFunctionDef" => StmtKind::AsyncFunctionDef(self.function(node, class)?.into()),
            "ClassDef" => StmtKind::ClassDef(Box::new(ClassDef {
                name: self.required(node, class, "name", Reader::identifier)?,
                bases: self.list(node, class, "bases", Reader::expr)?,
                keywords: self.list(node, class, "keywords", Reader::keyword)?,
                body: self.list(node, class, "body", Reader::stmt)?,
                decorator_list: self.list(node, class, "decorator_list", Reader::expr)?,
            })),
            "Return" => StmtKind::Return(self.optional_box(node, class, "value")?),
            "Delete" => StmtKind::Delete(self.list(node, class, "targets", Reader::expr)?),
            "Assign" => StmtKind::Assign(Box::new(Assign {
                targets: self.list(node, class, "targets", Reader::expr)?,
                value: self.required(node, class, "value", Reader::expr)?,
                type_comment: self.optional(node, class, "type_comment", Reader::string)?,
            })),
            "AugAssign" => StmtKind::AugAssign(Box::new(AugAssign {
                target: self.required(node, class, "target", Reader::expr)?,
                op: self.required(node, class, "op", Reader::operator)?,
                value: self.required(node, class, "value", Reader::expr)?,
            })),
            "AnnAssign" => StmtKind::AnnAssign(Box::new(AnnAssign {
                target: self.required(node, class, "target", Reader::expr)?,
                annotation: self.required(node, class, "annotation", Reader::expr)?,
                value: self.optional(node, class, "value", Reader::expr)?,
                simple: self.required(node, class, "simple", Reader::int)? != 0,
            })),
            "For" => StmtKind::For(self.for_(node, class)?.into()),
            "AsyncFor" => StmtKind::AsyncFor(self.for_(node, class)?.into()),
            "While" => StmtKind::While(Box::new(While {
                test: self.required(node, class, "test", Reader::expr)?,
                body: self.list(node, class, "body", Reader::stmt)?,
                orelse: self.list(node, class, "orelse", Reader::stmt)?,
            })),
            "If" => StmtKind::If(Box::new(If {
                test: self.required(node, class, "test", Reader::expr)?,
                body: self.list(node, class, "body", Reader::stmt)?,
                orelse: self.list(node, class, "orelse", Reader::stmt)?,
            })),
            "With" => StmtKind::With(self.with(node, class)?.into()),
            "AsyncWith" => StmtKind::AsyncWith(self.with(node, class)?.into()),
            "Match" => StmtKind::Match(Box::new(Match {
                subject: self.required(node, class, "subject", Reader::expr)?,
                cases: self.list(node, class, "cases", Reader::match_case)?,
            })),
            "Raise" => StmtKind::Raise {
                exc: self.optional_box(node, class, "exc")?,
                cause: self.optional_box(node, class, "cause")?,
            },
            "Try" => StmtKind::Try(self.try_(node, class)?.into()),
            "TryStar" => StmtKind::TryStar(self.try_(node, class)?.into()),
            "Assert" => StmtKind::Assert {
                test: self.required(node, class, "test", Reader::expr)?.into(),
                msg: self.optional_box(node, class, "msg")?,
            },
            "Import" => StmtKind::Import(self.list(node, class, "names", Reader::alias)?),
            "ImportFrom" => StmtKind::ImportFrom {
                module: self.optional(node, class, "module", Reader::identifier)?,
                names: self.list(node, class, "names", Reader::alias)?,
                level: self
                    .optional(node, class, "level", Reader::int)?
                    .unwrap_or_default(),
            },
            "Global" => StmtKind::Global(self.list(node, class, "names", Reader::identifier)?),
            "Nonlocal" => {
                StmtKind::Nonlocal(self.list(node, class, "names", Reader::identifier)?)
            }
            "Expr" => StmtKind::Expr(self.required(node, class, "value", Reader::expr)?.into()),
            "Pass" => StmtKind::Pass,
            "Break" => StmtKind::Break,
            _ => StmtKind::Continue,
        })
    }

    fn optional_box(
        &mut self,
        node: &PyObject,
        class: &str,
        name: &str,
    ) -> PyResult<Option<Box<Expr>>> {
        Ok(self
            .optional(node, class, name, Reader::expr)?
            .map(Box::new))
    }

    fn function(&mut self, node: &PyObject, class: &str) -> PyResult<FunctionDef> {
        Ok(FunctionDef {
            name: self.required(node, class, "name", Reader::identifier)?,
            args: self.required(node, class, "args", Reader::arguments)?,
            body: self.list(node, class, "body", Reader::stmt)?,
            decorator_list: self.list(node, class, "decorator_list", Reader::expr)?,
            returns: self.optional(node, class, "returns", Reader::expr)?,
            type_comment: self.optional(node, class, "type_comment", Reader::string)?,
        })
    }

    fn for_(&mut self, node: &PyObject, class: &str) -> PyResult<For> {
        Ok(For {
            target: self.required(node, class, "target", Reader::expr)?,
            iter: self.required(node, class, "iter", Reader::expr)?,
            body: self.list(node, class, "body", Reader::stmt)?,
            orelse: self.list(node, class, "orelse", Reader::stmt)?,
            type_comment: self.optional(node, class, "type_comment", Reader::string)?,
        })
    }

    fn with(&mut self, node: &PyObject, class: &str) -> PyResult<With> {
        Ok(With {
            items: self.list(node, class, "items", Reader::with_item)?,
            body: self.list(node, class, "body", Reader::stmt)?,
            type_comment: self.optional(node, class, "type_comment", Reader::string)?,
        })
    }

    fn try_(&mut self, node: &PyObject, class: &str) -> PyResult<Try> {
        Ok(Try {
            body: self.list(node, class, "body", Reader::stmt)?,
            handlers: self.list(node, class, "handlers", Reader::handler)?,
            orelse: self.list(node, class, "orelse", Reader::stmt)?,
            finalbody: self.list(node, class, "finalbody", Reader::stmt)?,
        })
    }

    fn with_item(&mut self, node: &PyObject) -> PyResult<Option<WithItem>> {
        Ok(Some(WithItem {
            context_expr: self.required(node, "withitem", "context_expr", Reader::expr)?,
            optional_vars: self.optional(node, "withitem", "optional_vars", Reader::expr)?,
        }))
    }

    fn match_case(&mut self, node: &PyObject) -> PyResult<Option<MatchCase>> {
        Ok(Some(MatchCase {
            pattern: self.required(node, "match_case", "pattern", Reader::pattern)?,
            guard: self.optional(node, "match_case", "guard", Reader::expr)?,
            body: self.list(node, "match_case", "body", Reader::stmt)?,
        }))
    }

    fn handler(&mut self, node: &PyObject) -> PyResult<Option<ExceptHandler>> {
        if node.is_none() {
            return Ok(None);
        }
        let span = self.span(node, "excepthandler")?;
        let class = self.class_of(node, &["ExceptHandler"], "excepthandler")?;
        Ok(Some(ExceptHandler {
            span,
            typ: self.optional(node, class, "type", Reader::expr)?,
            name: self.optional(node, class, "name", Reader::identifier)?,
            body: self.list(node, class, "body", Reader::stmt)?,
        }))
    }

    fn alias(&mut self, node: &PyObject) -> PyResult<Option<Alias>> {
        Ok(Some(Alias {
            name: self.required(node, "alias", "name", Reader::identifier)?,
            asname: self.optional(node, "alias", "asname", Reader::identifier)?,
            span: self.span(node, "alias")?,
        }))
    }

    fn keyword(&mut self, node: &PyObject) -> PyResult<Option<Keyword>> {
        Ok(Some(Keyword {
            arg: self.optional(node, "keyword", "arg", Reader::identifier)?,
            value: self.required(node, "keyword", "value", Reader::expr)?,
            span: self.span(node, "keyword")?,
        }))
    }

    fn arg(&mut self, node: &PyObject) -> PyResult<Option<Arg>> {
        Ok(Some(Arg {
            arg: self.required(node, "arg", "arg", Reader::identifier)?,
            annotation: self.optional_box(node, "arg", "annotation")?,
            type_comment: self.optional(node, "arg", "type_comment", Reader::string)?,
            span: self.span(node, "arg")?,
        }))
    }

    fn arguments(&mut self, node: &PyObject) -> PyResult<Option<Arguments>> {
        let class = "arguments";
        Ok(Some(Arguments {
            posonlyargs: self.list(node, class, "posonlyargs", Reader::arg)?,
            args: self.list(node, class, "args", Reader::arg)?,
            vararg: self
                .optional(node, class, "vararg", Reader::arg)?
                .map(Box::new),
            kwonlyargs: self.list(node, class, "kwonlyargs", Reader::arg)?,
            kw_defaults: self.sparse_list(node, class, "kw_defaults", Reader::expr)?,
            kwarg: self
                .optional(node, class, "kwarg", Reader::arg)?
                .map(Box::new),
            defaults: self.list(node, class, "defaults", Reader::expr)?,
        }))
    }

    fn comprehension(&mut self, node: &PyObject) -> PyResult<Option<Comprehension>> {
        let class = "comprehension";
        Ok(Some(Comprehension {
            target: self.required(node, class, "target", Reader::expr)?,
            iter: self.required(node, class, "iter", Reader::expr)?,
            ifs: self.list(node, class, "ifs", Reader::expr)?,
            is_async: self.required(node, class, "is_async", Reader::int)? != 0,
        }))
    }

    fn expr(&mut self, node: &PyObject) -> PyResult<Option<Expr>> {
        if node.is_none() {
            return Ok(None);
        }
        let span = self.span(node, "expr")?;
        let class = self.class_of(node, EXPRESSIONS, "expr")?;
        let kind = self.expr_kind(node, class)?;
        Ok(Some(Expr { span, kind }))
    }

    fn boxed(&mut self, node: &PyObject, class: &str, name: &str) -> PyResult<Box<Expr>> {
        Ok(Box::new(self.required(node, class, name, Reader::expr)?))
    }

    fn expr_kind(&mut self, node: &PyObject, class: &str) -> PyResult<ExprKind> {
        Ok(match class {
            "BoolOp" => ExprKind::BoolOp {
                op: self.required(node, class, "op", Reader::bool_op)?,
                values: self.list(node, class, "values", Reader::expr)?,
            },
            "NamedExpr" => ExprKind::NamedExpr {
                target: self.boxed(node, class, "target")?,
                value: self.boxed(node, class, "value")?,
            },
            "BinOp" => ExprKind::BinOp {
                left: self.boxed(node, class, "left")?,
                op: self.required(node, class, "op", Reader::operator)?,
                right: self.boxed(node, class, "right")?,
            },
            "UnaryOp" => ExprKind::UnaryOp {
                op: self.required(node, class, "op", Reader::unary_op)?,
                operand: self.boxed(node, class, "operand")?,
            },
            "Lambda" => ExprKind::Lambda(Box::new(Lambda {
                args: self.required(node, class, "args", Reader::arguments)?,
                body: self.required(node, class, "body", Reader::expr)?,
            })),
            "IfExp" => ExprKind::IfExp(Box::new(IfExp {
                test: self.required(node, class, "test", Reader::expr)?,
                body: self.required(node, class, "body", Reader::expr)?,
                orelse: self.required(node, class, "orelse", Reader::expr)?,
            })),
            "Dict" => ExprKind::Dict(Box::new(Dict {
                keys: self.sparse_list(node, class, "keys", Reader::expr)?,
                values: self.list(node, class, "values", Reader::expr)?,
            })),
            "Set" => ExprKind::Set(self.list(node, class, "elts", Reader::expr)?),
            "ListComp" => ExprKind::ListComp(self.comp(node, class)?.into()),
            "SetComp" => ExprKind::SetComp(self.comp(node, class)?.into()),
            "GeneratorExp" => ExprKind::GeneratorExp(self.comp(node, class)?.into()),
            "DictComp" => ExprKind::DictComp(Box::new(DictComp {
                key: self.required(node, class, "key", Reader::expr)?,
                value: self.required(node, class, "value", Reader::expr)?,
                generators: self.list(node, class, "generators", Reader::comprehension)?,
            })),
            "Await" => ExprKind::Await(self.boxed(node, class, "value")?),
            "Yield" => ExprKind::Yield(self.optional_box(node, class, "value")?),
            "YieldFrom" => ExprKind::YieldFrom(self.boxed(node, class, "value")?),
            "Compare" => ExprKind::Compare(Box::new(Compare {
                left: self.required(node, class, "left", Reader::expr)?,
                ops: self.list(node, class, "ops", Reader::cmp_op)?,
                comparators: self.list(node, class, "comparators", Reader::expr)?,
            })),
            "Call" => ExprKind::Call(Box::new(Call {
                func: self.required(node, class, "func", Reader::expr)?,
                args: self.list(node, class, "args", Reader::expr)?,
                keywords: self.list(node, class, "keywords", Reader::keyword)?,
            })),
            "FormattedValue" => ExprKind::FormattedValue(Box::new(FormattedValue {
                value: self.required(node, class, "value", Reader::expr)?,
                conversion: self.required(node, class, "conversion", Reader::int)?,
                format_spec: self.optional(node, class, "format_spec", Reader::expr)?,
            })),
            "JoinedStr" => ExprKind::JoinedStr(self.list(node, class, "values", Reader::expr)?),
            "Constant" => ExprKind::Constant {
                value: self.required(node, class, "value", Reader::constant)?,
                kind: self
                    .optional(node, class, "kind", Reader::string)?
                    .is_some(),
            },
            _ => return self.place_kind(node, class),
        })
    }

    /// Expressions that may be assigned to, and slices.
    fn place_kind(&mut self, node: &PyObject, class: &str) -> PyResult<ExprKind> {
        Ok(match class {
            "Attribute" => ExprKind::Attribute {
                value: self.boxed(node, class, "value")?,
                attr: self.required(node, class, "attr", Reader::identifier)?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            "Subscript" => ExprKind::Subscript {
                value: self.boxed(node, class, "value")?,
                slice: self.boxed(node, class, "slice")?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            "Starred" => ExprKind::Starred {
                value: self.boxed(node, class, "value")?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            "Name" => ExprKind::Name {
                id: self.required(node, class, "id", Reader::identifier)?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            "List" => ExprKind::List {
                elts: self.list(node, class, "elts", Reader::expr)?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            "Tuple" => ExprKind::Tuple {
                elts: self.list(node, class, "elts", Reader::expr)?,
                ctx: self.required(node, class, "ctx", Reader::context)?,
            },
            _ => ExprKind::Slice {
                lower: self.optional_box(node, class, "lower")?,
                upper: self.optional_box(node, class, "upper")?,
                step: self.optional_box(node, class, "step")?,
            },
        })
    }

    fn comp(&mut self, node: &PyObject, class: &str) -> PyResult<Comp> {
        Ok(Comp {
            elt: self.required(node, class, "elt", Reader::expr)?,
            generators: self.list(node, class, "generators", Reader::comprehension)?,
        })
    }

    fn pattern(&mut self, node: &PyObject) -> PyResult<Option<Pattern>> {
        if node.is_none() {
            return Ok(None);
        }
        let span = self.span(node, "pattern")?;
        let class = self.class_of(node, PATTERNS, "pattern")?;
        let kind = match class {
            "MatchValue" => PatternKind::MatchValue(self.boxed(node, class, "value")?),
            "MatchSingleton" => PatternKind::MatchSingleton(self.required(
                node,
                class,
                "value",
                Reader::singleton,
            )?),
            "MatchSequence" => {
                PatternKind::MatchSequence(self.list(node, class, "patterns", Reader::pattern)?)
            }
            "MatchMapping" => PatternKind::MatchMapping(Box::new(MatchMapping {
                keys: self.list(node, class, "keys", Reader::expr)?,
                patterns: self.list(node, class, "patterns", Reader::pattern)?,
                rest: self.optional(node, class, "rest", Reader::identifier)?,
            })),
            "MatchClass" => PatternKind::MatchClass(Box::new(MatchClass {
                cls: self.required(node, class, "cls", Reader::expr)?,
                patterns: self.list(node, class, "patterns", Reader::pattern)?,
                kwd_attrs: self.list(node, class, "kwd_attrs", Reader::identifier)?,
                kwd_patterns: self.list(node, class, "kwd_patterns", Reader::pattern)?,
            })),
            "MatchStar" => {
                PatternKind::MatchStar(self.optional(node, class, "name", Reader::identifier)?)
            }
            "MatchAs" => PatternKind::MatchAs {
                pattern: self
                    .optional(node, class, "pattern", Reader::pattern)?
                    .map(Box::new),
                name: self.optional(node, class, "name", Reader::identifier)?,
            },
            _ => PatternKind::MatchOr(self.list(node, class, "patterns", Reader::pattern)?),
        };
        Ok(Some(Pattern { span, kind }))
    }

    /// The one of some nodes without fields that an object is an instance of.
    fn symbol<T: Copy>(
        &mut self,
        node: &PyObject,
        all: &[T],
        name: fn(T) -> &'static str,
        sort: &str,
    ) -> PyResult<Option<T>> {
        for symbol in all {
            if self.is_a(node, name(*symbol))? {
                return Ok(Some(*symbol));
            }
        }
        Err(unexpected(node, sort))
    }

    fn context(&mut self, node: &PyObject) -> PyResult<Option<ExprContext>> {
        self.symbol(node, ExprContext::ALL, ExprContext::name, "expr_context")
    }

    fn bool_op(&mut self, node: &PyObject) -> PyResult<Option<BoolOp>> {
        self.symbol(node, BoolOp::ALL, BoolOp::name, "boolop")
    }

    fn operator(&mut self, node: &PyObject) -> PyResult<Option<Operator>> {
        self.symbol(node, Operator::ALL, Operator::name, "operator")
    }

    fn unary_op(&mut self, node: &PyObject) -> PyResult<Option<UnaryOp>> {
        self.symbol(node, UnaryOp::ALL, UnaryOp::name, "unaryop")
    }

    fn cmp_op(&mut self, node: &PyObject) -> PyResult<Option<CmpOp>> {
        self.symbol(node, CmpOp::ALL, CmpOp::name, "cmpop")
    }

    fn singleton(&mut self, value: &PyObject) -> PyResult<Option<Constant>> {
        let found = plain_constant(value)?.filter(|constant| {
            matches!(constant, Constant::None | Constant::True | Constant::False)
        });
        match found {
            Some(constant) => Ok(Some(constant)),
            None => Err(value_error(
                "MatchSingleton can only contain True, False and None",
            )),
        }
    }

    fn constant(&mut self, value: &PyObject) -> PyResult<Option<Constant>> {
        if let Some(constant) = plain_constant(value)? {
            return Ok(Some(constant));
        }
        let items: Vec<Own> =
            if value.is_exactly(&tuple::PyTuple_Type) || value.is_exactly(&set::PyFrozenSet_Type) {
                abstract_::collect(value)?
            } else {
                return Err(type_error(format_args!(
                    "got an invalid type in Constant: {}",
                    value.type_().short_name()
                )));
            };
        let _depth = enter_recursive_call(" during compilation")?;
        let mut constants = Vec::new();
        for item in &items {
            constants.extend(self.constant(item)?);
        }
        Ok(Some(match value.is_exactly(&tuple::PyTuple_Type) {
            true => Constant::Tuple(constants.into()),
            false => Constant::FrozenSet(constants.into()),
        }))
    }
}

/// A constant that holds no others.
fn plain_constant(value: &PyObject) -> PyResult<Option<Constant>> {
    if value.is_none() {
        return Ok(Some(Constant::None));
    }
    if std::ptr::eq(value, &*twinheap_objects::singletons::ellipsis()) {
        return Ok(Some(Constant::Ellipsis));
    }
    if value.is_exactly(&twinheap_objects::boolean::PyBool_Type) {
        return Ok(Some(match object::is_true(value)? {
            true => Constant::True,
            false => Constant::False,
        }));
    }
    if value.is_exactly(&long::PyLong_Type)
        && let Some(number) = value.downcast_ref::<PyLongObject>()
    {
        return int_constant(number).map(Some);
    }
    if value.is_exactly(&float::PyFloat_Type)
        && let Some(number) = value.downcast_ref::<PyFloatObject>()
    {
        return Ok(Some(Constant::Float(float::value(number))));
    }
    if value.is_exactly(&complex::PyComplex_Type)
        && let Some(number) = value.downcast_ref::<PyComplexObject>()
    {
        let number = complex::value(number);
        return Ok(Some(Constant::Complex(number.real, number.imag)));
    }
    if value.is_exactly(&unicode::PyUnicode_Type)
        && let Some(text) = value.downcast_ref::<PyASCIIObject>()
    {
        return Ok(Some(Constant::Str(
            unicode::to_utf8_surrogatepass(text).into(),
        )));
    }
    if value.is_exactly(&bytes::PyBytes_Type)
        && let Some(data) = value.downcast_ref::<PyBytesObject>()
    {
        return Ok(Some(Constant::Bytes(bytes::data_of(data).into())));
    }
    Ok(None)
}

fn int_constant(number: &PyLongObject) -> PyResult<Constant> {
    if let Some(small) = long::to_i64(number) {
        return Ok(Constant::Int(Int::from(small)));
    }
    // Limbs of 32 bits from digits of 30.
    let mut limbs = Vec::new();
    let (mut collected, mut bits) = (0_u64, 0);
    for digit in long::digits(number) {
        collected |= u64::from(*digit) << bits;
        bits += digits::SHIFT;
        if bits >= 32 {
            limbs.push(collected as u32);
            collected >>= 32;
            bits -= 32;
        }
    }
    limbs.push(collected as u32);
    let negative = number.ob_base.ob_size.get() < 0;
    Ok(Constant::Int(Int::from_parts(negative, limbs)))
}
