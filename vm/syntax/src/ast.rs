//! The abstract syntax tree: the node types of CPython 3.11's `ast` module as plain Rust data.

use std::rc::Rc;

use crate::int::Int;
use crate::names::Name;

/// Declares nodes that have no fields, with their names.
macro_rules! symbols {
    (pub enum $name:ident { $($symbol:ident,)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($symbol,)*
        }

        impl $name {
            /// All of them, in the order of the grammar.
            pub const ALL: &[$name] = &[$($name::$symbol,)*];

            /// The name of its class in `ast`.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$symbol => stringify!($symbol),)*
                }
            }
        }
    };
}

/// Where a node starts and ends; lines count from 1, columns are UTF-8 byte offsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub lineno: i32,
    pub col_offset: i32,
    pub end_lineno: i32,
    pub end_col_offset: i32,
}

/// The root of a tree; which one depends on the mode that was asked for.
#[derive(Clone, Debug)]
pub enum Mod {
    Module {
        body: Vec<Stmt>,
        type_ignores: Vec<TypeIgnore>,
    },
    Interactive {
        body: Vec<Stmt>,
    },
    Expression {
        body: Box<Expr>,
    },
    FunctionType {
        argtypes: Vec<Expr>,
        returns: Box<Expr>,
    },
}

#[derive(Clone, Debug)]
pub struct TypeIgnore {
    pub lineno: i32,
    pub tag: Rc<[u8]>,
}

#[derive(Clone, Debug)]
pub struct Stmt {
    pub span: Span,
    pub kind: StmtKind,
}

#[derive(Clone, Debug)]
pub enum StmtKind {
    FunctionDef(Box<FunctionDef>),
    AsyncFunctionDef(Box<FunctionDef>),
    ClassDef(Box<ClassDef>),
    Return(Option<Box<Expr>>),
    Delete(Vec<Expr>),
    Assign(Box<Assign>),
    AugAssign(Box<AugAssign>),
    AnnAssign(Box<AnnAssign>),
    For(Box<For>),
    AsyncFor(Box<For>),
    While(Box<While>),
    If(Box<If>),
    With(Box<With>),
    AsyncWith(Box<With>),
    Match(Box<Match>),
    Raise {
        exc: Option<Box<Expr>>,
        cause: Option<Box<Expr>>,
    },
    Try(Box<Try>),
    TryStar(Box<Try>),
    Assert {
        test: Box<Expr>,
        msg: Option<Box<Expr>>,
    },
    Import(Vec<Alias>),
    ImportFrom {
        module: Option<Name>,
        names: Vec<Alias>,
        level: i32,
    },
    Global(Vec<Name>),
    Nonlocal(Vec<Name>),
    Expr(Box<Expr>),
    Pass,
    Break,
    Continue,
}

#[derive(Clone, Debug)]
pub struct FunctionDef {
    pub name: Name,
    pub args: Arguments,
    pub body: Vec<Stmt>,
    pub decorator_list: Vec<Expr>,
    pub returns: Option<Expr>,
    pub type_comment: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug)]
pub struct ClassDef {
    pub name: Name,
    pub bases: Vec<Expr>,
    pub keywords: Vec<Keyword>,
    pub body: Vec<Stmt>,
    pub decorator_list: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Assign {
    pub targets: Vec<Expr>,
    pub value: Expr,
    pub type_comment: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug)]
pub struct AugAssign {
    pub target: Expr,
    pub op: Operator,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct AnnAssign {
    pub target: Expr,
    pub annotation: Expr,
    pub value: Option<Expr>,
    pub simple: bool,
}

#[derive(Clone, Debug)]
pub struct For {
    pub target: Expr,
    pub iter: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
    pub type_comment: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug)]
pub struct While {
    pub test: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct If {
    pub test: Expr,
    pub body: Vec<Stmt>,
    pub orelse: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct With {
    pub items: Vec<WithItem>,
    pub body: Vec<Stmt>,
    pub type_comment: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug)]
pub struct WithItem {
    pub context_expr: Expr,
    pub optional_vars: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Match {
    pub subject: Expr,
    pub cases: Vec<MatchCase>,
}

#[derive(Clone, Debug)]
pub struct MatchCase {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct Try {
    pub body: Vec<Stmt>,
    pub handlers: Vec<ExceptHandler>,
    pub orelse: Vec<Stmt>,
    pub finalbody: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct ExceptHandler {
    pub span: Span,
    pub typ: Option<Expr>,
    pub name: Option<Name>,
    pub body: Vec<Stmt>,
}

#[derive(Clone, Debug)]
pub struct Alias {
    pub span: Span,
    pub name: Name,
    pub asname: Option<Name>,
}

#[derive(Clone, Debug)]
pub struct Keyword {
    pub span: Span,
    pub arg: Option<Name>,
    pub value: Expr,
}

#[derive(Clone, Debug)]
pub struct Arg {
    pub span: Span,
    pub arg: Name,
    pub annotation: Option<Box<Expr>>,
    pub type_comment: Option<Rc<[u8]>>,
}

#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub posonlyargs: Vec<Arg>,
    pub args: Vec<Arg>,
    pub vararg: Option<Box<Arg>>,
    pub kwonlyargs: Vec<Arg>,
    pub kw_defaults: Vec<Option<Expr>>,
    pub kwarg: Option<Box<Arg>>,
    pub defaults: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    BoolOp {
        op: BoolOp,
        values: Vec<Expr>,
    },
    NamedExpr {
        target: Box<Expr>,
        value: Box<Expr>,
    },
    BinOp {
        left: Box<Expr>,
        op: Operator,
        right: Box<Expr>,
    },
    UnaryOp {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Lambda(Box<Lambda>),
    IfExp(Box<IfExp>),
    Dict(Box<Dict>),
    Set(Vec<Expr>),
    ListComp(Box<Comp>),
    SetComp(Box<Comp>),
    DictComp(Box<DictComp>),
    GeneratorExp(Box<Comp>),
    Await(Box<Expr>),
    Yield(Option<Box<Expr>>),
    YieldFrom(Box<Expr>),
    Compare(Box<Compare>),
    Call(Box<Call>),
    FormattedValue(Box<FormattedValue>),
    JoinedStr(Vec<Expr>),
    Constant {
        value: Constant,
        kind: bool,
    },
    Attribute {
        value: Box<Expr>,
        attr: Name,
        ctx: ExprContext,
    },
    Subscript {
        value: Box<Expr>,
        slice: Box<Expr>,
        ctx: ExprContext,
    },
    Starred {
        value: Box<Expr>,
        ctx: ExprContext,
    },
    Name {
        id: Name,
        ctx: ExprContext,
    },
    List {
        elts: Vec<Expr>,
        ctx: ExprContext,
    },
    Tuple {
        elts: Vec<Expr>,
        ctx: ExprContext,
    },
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
}

#[derive(Clone, Debug)]
pub struct Lambda {
    pub args: Arguments,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub struct IfExp {
    pub test: Expr,
    pub body: Expr,
    pub orelse: Expr,
}

/// A dict display; a key of `None` is a `**` unpacking.
#[derive(Clone, Debug)]
pub struct Dict {
    pub keys: Vec<Option<Expr>>,
    pub values: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Comp {
    pub elt: Expr,
    pub generators: Vec<Comprehension>,
}

#[derive(Clone, Debug)]
pub struct DictComp {
    pub key: Expr,
    pub value: Expr,
    pub generators: Vec<Comprehension>,
}

#[derive(Clone, Debug)]
pub struct Comprehension {
    pub target: Expr,
    pub iter: Expr,
    pub ifs: Vec<Expr>,
    pub is_async: bool,
}

#[derive(Clone, Debug)]
pub struct Compare {
    pub left: Expr,
    pub ops: Vec<CmpOp>,
    pub comparators: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Call {
    pub func: Expr,
    pub args: Vec<Expr>,
    pub keywords: Vec<Keyword>,
}

/// A replacement field of an f-string; `conversion` is -1 or the character's code.
#[derive(Clone, Debug)]
pub struct FormattedValue {
    pub value: Expr,
    pub conversion: i32,
    pub format_spec: Option<Expr>,
}

/// The value of a `Constant` node, and what constant folding makes of one.
#[derive(Clone, Debug)]
pub enum Constant {
    None,
    False,
    True,
    Ellipsis,
    Int(Int),
    Float(f64),
    Complex(f64, f64),
    /// UTF-8, extended to encode lone surrogates as three bytes each.
    Str(Rc<[u8]>),
    Bytes(Rc<[u8]>),
    Tuple(Rc<[Constant]>),
    FrozenSet(Rc<[Constant]>),
}

symbols! {
    pub enum ExprContext {
        Load,
        Store,
        Del,
    }
}

symbols! {
    pub enum BoolOp {
        And,
        Or,
    }
}

symbols! {
    pub enum Operator {
        Add,
        Sub,
        Mult,
        MatMult,
        Div,
        Mod,
        Pow,
        LShift,
        RShift,
        BitOr,
        BitXor,
        BitAnd,
        FloorDiv,
    }
}

symbols! {
    pub enum UnaryOp {
        Invert,
        Not,
        UAdd,
        USub,
    }
}

symbols! {
    pub enum CmpOp {
        Eq,
        NotEq,
        Lt,
        LtE,
        Gt,
        GtE,
        Is,
        IsNot,
        In,
        NotIn,
    }
}

#[derive(Clone, Debug)]
pub struct Pattern {
    pub span: Span,
    pub kind: PatternKind,
}

#[derive(Clone, Debug)]
pub enum PatternKind {
    MatchValue(Box<Expr>),
    MatchSingleton(Constant),
    MatchSequence(Vec<Pattern>),
    MatchMapping(Box<MatchMapping>),
    MatchClass(Box<MatchClass>),
    MatchStar(Option<Name>),
    MatchAs {
        pattern: Option<Box<Pattern>>,
        name: Option<Name>,
    },
    MatchOr(Vec<Pattern>),
}

#[derive(Clone, Debug)]
pub struct MatchMapping {
    pub keys: Vec<Expr>,
    pub patterns: Vec<Pattern>,
    pub rest: Option<Name>,
}

#[derive(Clone, Debug)]
pub struct MatchClass {
    pub cls: Expr,
    pub patterns: Vec<Pattern>,
    pub kwd_attrs: Vec<Name>,
    pub kwd_patterns: Vec<Pattern>,
}
