//! Trees of small programs in the form that the dump prints, places included.

use twinheap_syntax::dump::dump_module;
use twinheap_syntax::{Flags, Mode, parse_str};

fn check(name: &str, source: &str, expected: &str) {
    let ast = parse_str(source, Mode::Exec, &Flags::default()).expect(name);
    assert_eq!(
        dump_module(&ast.module, &ast.names),
        expected,
        "{name}: {source:?}"
    );
}

#[test]
#[rustfmt::skip]
fn small_programs_parse_to_cpythons_trees() {
    let cases = [
        ("nothing", "", "\nModule([][])"),
        ("a call", "f(a, *b, c=1, **d)\n", "\nModule([\n Expr@1:0-1:18(\n  Call@1:0-1:18(\n   Name@1:0-1:1('f' Load )[\n   Name@1:2-1:3('a' Load )\n   Starred@1:5-1:7(\n    Name@1:6-1:7('b' Load )Load )][\n   keyword@1:9-1:12('c' \n    Constant@1:11-1:12(int:0x1 -))\n   keyword@1:14-1:17(-\n    Name@1:16-1:17('d' Load ))]))][])"),
        ("operators bind as they should", "a + b * -c ** d\n", "\nModule([\n Expr@1:0-1:15(\n  BinOp@1:0-1:15(\n   Name@1:0-1:1('a' Load )Add \n   BinOp@1:4-1:15(\n    Name@1:4-1:5('b' Load )Mult \n    UnaryOp@1:8-1:15(USub \n     BinOp@1:9-1:15(\n      Name@1:9-1:10('c' Load )Pow \n      Name@1:14-1:15('d' Load ))))))][])"),
        ("a lambda and a ternary", "lambda x, /, y=1, *, z: x if y else z\n", "\nModule([\n Expr@1:0-1:37(\n  Lambda@1:0-1:37(\n   arguments([\n    arg@1:7-1:8('x' --)][\n    arg@1:13-1:14('y' --)]-[\n    arg@1:21-1:22('z' --)][-]-[\n    Constant@1:15-1:16(int:0x1 -)])\n   IfExp@1:24-1:37(\n    Name@1:29-1:30('y' Load )\n    Name@1:24-1:25('x' Load )\n    Name@1:36-1:37('z' Load ))))][])"),
        ("nested f-string fields", "f'a{b!r:{c}}{{'\n", "\nModule([\n Expr@1:0-1:15(\n  JoinedStr@1:0-1:15([\n   Constant@1:0-1:15(str:'a' -)\n   FormattedValue@1:0-1:15(\n    Name@1:4-1:5('b' Load )114 \n    JoinedStr@1:0-1:15([\n     FormattedValue@1:0-1:15(\n      Name@1:9-1:10('c' Load )-1 -)]))\n   Constant@1:0-1:15(str:'{' -)]))][])"),
        ("concatenated texts", "x = ('a'\n  u'b')\n", "\nModule([\n Assign@1:0-2:7([\n  Name@1:0-1:1('x' Store )]\n  Constant@1:5-2:6(str:'ab' -)-)][])"),
        ("letters outside ASCII", "é = ª\n", "\nModule([\n Assign@1:0-1:7([\n  Name@1:0-1:2('\\xc3\\xa9' Store )]\n  Name@1:5-1:7('a' Load )-)][])"),
        ("a decorated class", "@a.b\nclass C(D, e=f):\n    '''doc'''\n", "\nModule([\n ClassDef@2:0-3:13('C' [\n  Name@2:8-2:9('D' Load )][\n  keyword@2:11-2:14('e' \n   Name@2:13-2:14('f' Load ))][\n  Expr@3:4-3:13(\n   Constant@3:4-3:13(str:'doc' -))][\n  Attribute@1:1-1:4(\n   Name@1:1-1:2('a' Load )'b' Load )])][])"),
        ("slices", "x[1:2, ::3, ...]\n", "\nModule([\n Expr@1:0-1:16(\n  Subscript@1:0-1:16(\n   Name@1:0-1:1('x' Load )\n   Tuple@1:2-1:15([\n    Slice@1:2-1:5(\n     Constant@1:2-1:3(int:0x1 -)\n     Constant@1:4-1:5(int:0x2 -)-)\n    Slice@1:7-1:10(--\n     Constant@1:9-1:10(int:0x3 -))\n    Constant@1:12-1:15(Ellipsis -)]Load )Load ))][])"),
        ("a match", "match x:\n    case {'a': 1, **r} | A(b, c=[_, *d]): pass\n", "\nModule([\n Match@1:0-2:46(\n  Name@1:6-1:7('x' Load )[\n  match_case(\n   MatchOr@2:9-2:40([\n    MatchMapping@2:9-2:22([\n     Constant@2:10-2:13(str:'a' -)][\n     MatchValue@2:15-2:16(\n      Constant@2:15-2:16(int:0x1 -))]'r' )\n    MatchClass@2:25-2:40(\n     Name@2:25-2:26('A' Load )[\n     MatchAs@2:27-2:28(-'b' )]['c' ][\n     MatchSequence@2:32-2:39([\n      MatchAs@2:33-2:34(--)\n      MatchStar@2:36-2:38('d' )])])])-[\n   Pass@2:42-2:46()])])][])"),
        ("a continued line", "x = 1 + \\\n    2\n", "\nModule([\n Assign@1:0-2:5([\n  Name@1:0-1:1('x' Store )]\n  BinOp@1:4-2:5(\n   Constant@1:4-1:5(int:0x1 -)Add \n   Constant@2:4-2:5(int:0x2 -))-)][])"),
        ("a comprehension", "[x async for x, in y if z if w]\n", "\nModule([\n Expr@1:0-1:31(\n  ListComp@1:0-1:31(\n   Name@1:1-1:2('x' Load )[\n   comprehension(\n    Tuple@1:13-1:15([\n     Name@1:13-1:14('x' Store )]Store )\n    Name@1:19-1:20('y' Load )[\n    Name@1:24-1:25('z' Load )\n    Name@1:29-1:30('w' Load )]1 )]))][])"),
        ("numbers", "0x_ff, 1_0.5e-3j, 0o17, 1e5\n", "\nModule([\n Expr@1:0-1:27(\n  Tuple@1:0-1:27([\n   Constant@1:0-1:5(int:0xff -)\n   Constant@1:7-1:16(complex:00000000000000003f85810624dd2f1b -)\n   Constant@1:18-1:22(int:0xf -)\n   Constant@1:24-1:27(float:40f86a0000000000 -)]Load ))][])"),
        ("assignments", "a = b.c = (d, *e) = f\nx: int = 3\ny[0] @= z\n", "\nModule([\n Assign@1:0-1:21([\n  Name@1:0-1:1('a' Store )\n  Attribute@1:4-1:7(\n   Name@1:4-1:5('b' Load )'c' Store )\n  Tuple@1:10-1:17([\n   Name@1:11-1:12('d' Store )\n   Starred@1:14-1:16(\n    Name@1:15-1:16('e' Store )Store )]Store )]\n  Name@1:20-1:21('f' Load )-)\n AnnAssign@2:0-2:10(\n  Name@2:0-2:1('x' Store )\n  Name@2:3-2:6('int' Load )\n  Constant@2:9-2:10(int:0x3 -)1 )\n AugAssign@3:0-3:9(\n  Subscript@3:0-3:4(\n   Name@3:0-3:1('y' Load )\n   Constant@3:2-3:3(int:0x0 -)Store )MatMult \n  Name@3:8-3:9('z' Load ))][])"),
        ("try with everything", "try: a\nexcept (B, C) as d: e\nelse: f\nfinally: g\n", "\nModule([\n Try@1:0-4:10([\n  Expr@1:5-1:6(\n   Name@1:5-1:6('a' Load ))][\n  ExceptHandler@2:0-2:21(\n   Tuple@2:7-2:13([\n    Name@2:8-2:9('B' Load )\n    Name@2:11-2:12('C' Load )]Load )'d' [\n   Expr@2:20-2:21(\n    Name@2:20-2:21('e' Load ))])][\n  Expr@3:6-3:7(\n   Name@3:6-3:7('f' Load ))][\n  Expr@4:9-4:10(\n   Name@4:9-4:10('g' Load ))])][])"),
        ("a form feed", "\x0c\nx\n", "\nModule([\n Expr@2:0-2:1(\n  Name@2:0-2:1('x' Load ))][])"),
    ];
    for (name, source, expected) in cases {
        check(name, source, expected);
    }
}
