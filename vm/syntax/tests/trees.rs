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
        ("nothing", "", "Module([][])"),
        ("a call", "f(a, *b, c=1, **d)\n", "Module([Expr@1:0-1:18(Call@1:0-1:18(Name@1:0-1:1(66 Load )[Name@1:2-1:3(61 Load )Starred@1:5-1:7(Name@1:6-1:7(62 Load )Load )][keyword@1:9-1:12(63 Constant@1:11-1:12(int:0x1 -))keyword@1:14-1:17(-Name@1:16-1:17(64 Load ))]))][])"),
        ("operators bind as they should", "a + b * -c ** d\n", "Module([Expr@1:0-1:15(BinOp@1:0-1:15(Name@1:0-1:1(61 Load )Add BinOp@1:4-1:15(Name@1:4-1:5(62 Load )Mult UnaryOp@1:8-1:15(USub BinOp@1:9-1:15(Name@1:9-1:10(63 Load )Pow Name@1:14-1:15(64 Load ))))))][])"),
        ("a lambda and a ternary", "lambda x, /, y=1, *, z: x if y else z\n", "Module([Expr@1:0-1:37(Lambda@1:0-1:37(arguments([arg@1:7-1:8(78 --)][arg@1:13-1:14(79 --)]-[arg@1:21-1:22(7a --)][-]-[Constant@1:15-1:16(int:0x1 -)])IfExp@1:24-1:37(Name@1:29-1:30(79 Load )Name@1:24-1:25(78 Load )Name@1:36-1:37(7a Load ))))][])"),
        ("nested f-string fields", "f'a{b!r:{c}}{{'\n", "Module([Expr@1:0-1:15(JoinedStr@1:0-1:15([Constant@1:0-1:15(str:61 -)FormattedValue@1:0-1:15(Name@1:4-1:5(62 Load )114 JoinedStr@1:0-1:15([FormattedValue@1:0-1:15(Name@1:9-1:10(63 Load )-1 -)]))Constant@1:0-1:15(str:7b -)]))][])"),
        ("concatenated texts", "x = ('a'\n  u'b')\n", "Module([Assign@1:0-2:7([Name@1:0-1:1(78 Store )]Constant@1:5-2:6(str:6162 -)-)][])"),
        ("letters outside ASCII", "é = ª\n", "Module([Assign@1:0-1:7([Name@1:0-1:2(c3a9 Store )]Name@1:5-1:7(61 Load )-)][])"),
        ("a decorated class", "@a.b\nclass C(D, e=f):\n    '''doc'''\n", "Module([ClassDef@2:0-3:13(43 [Name@2:8-2:9(44 Load )][keyword@2:11-2:14(65 Name@2:13-2:14(66 Load ))][Expr@3:4-3:13(Constant@3:4-3:13(str:646f63 -))][Attribute@1:1-1:4(Name@1:1-1:2(61 Load )62 Load )])][])"),
        ("slices", "x[1:2, ::3, ...]\n", "Module([Expr@1:0-1:16(Subscript@1:0-1:16(Name@1:0-1:1(78 Load )Tuple@1:2-1:15([Slice@1:2-1:5(Constant@1:2-1:3(int:0x1 -)Constant@1:4-1:5(int:0x2 -)-)Slice@1:7-1:10(--Constant@1:9-1:10(int:0x3 -))Constant@1:12-1:15(Ellipsis -)]Load )Load ))][])"),
        ("a match", "match x:\n    case {'a': 1, **r} | A(b, c=[_, *d]): pass\n", "Module([Match@1:0-2:46(Name@1:6-1:7(78 Load )[match_case(MatchOr@2:9-2:40([MatchMapping@2:9-2:22([Constant@2:10-2:13(str:61 -)][MatchValue@2:15-2:16(Constant@2:15-2:16(int:0x1 -))]72 )MatchClass@2:25-2:40(Name@2:25-2:26(41 Load )[MatchAs@2:27-2:28(-62 )][63 ][MatchSequence@2:32-2:39([MatchAs@2:33-2:34(--)MatchStar@2:36-2:38(64 )])])])-[Pass@2:42-2:46()])])][])"),
        ("a continued line", "x = 1 + \\\n    2\n", "Module([Assign@1:0-2:5([Name@1:0-1:1(78 Store )]BinOp@1:4-2:5(Constant@1:4-1:5(int:0x1 -)Add Constant@2:4-2:5(int:0x2 -))-)][])"),
        ("a comprehension", "[x async for x, in y if z if w]\n", "Module([Expr@1:0-1:31(ListComp@1:0-1:31(Name@1:1-1:2(78 Load )[comprehension(Tuple@1:13-1:15([Name@1:13-1:14(78 Store )]Store )Name@1:19-1:20(79 Load )[Name@1:24-1:25(7a Load )Name@1:29-1:30(77 Load )]1 )]))][])"),
        ("numbers", "0x_ff, 1_0.5e-3j, 0o17, 1e5\n", "Module([Expr@1:0-1:27(Tuple@1:0-1:27([Constant@1:0-1:5(int:0xff -)Constant@1:7-1:16(complex:00000000000000003f85810624dd2f1b -)Constant@1:18-1:22(int:0xf -)Constant@1:24-1:27(float:40f86a0000000000 -)]Load ))][])"),
        ("assignments", "a = b.c = (d, *e) = f\nx: int = 3\ny[0] @= z\n", "Module([Assign@1:0-1:21([Name@1:0-1:1(61 Store )Attribute@1:4-1:7(Name@1:4-1:5(62 Load )63 Store )Tuple@1:10-1:17([Name@1:11-1:12(64 Store )Starred@1:14-1:16(Name@1:15-1:16(65 Store )Store )]Store )]Name@1:20-1:21(66 Load )-)AnnAssign@2:0-2:10(Name@2:0-2:1(78 Store )Name@2:3-2:6(696e74 Load )Constant@2:9-2:10(int:0x3 -)1 )AugAssign@3:0-3:9(Subscript@3:0-3:4(Name@3:0-3:1(79 Load )Constant@3:2-3:3(int:0x0 -)Store )MatMult Name@3:8-3:9(7a Load ))][])"),
        ("try with everything", "try: a\nexcept (B, C) as d: e\nelse: f\nfinally: g\n", "Module([Try@1:0-4:10([Expr@1:5-1:6(Name@1:5-1:6(61 Load ))][ExceptHandler@2:0-2:21(Tuple@2:7-2:13([Name@2:8-2:9(42 Load )Name@2:11-2:12(43 Load )]Load )64 [Expr@2:20-2:21(Name@2:20-2:21(65 Load ))])][Expr@3:6-3:7(Name@3:6-3:7(66 Load ))][Expr@4:9-4:10(Name@4:9-4:10(67 Load ))])][])"),
        ("a form feed", "\x0c\nx\n", "Module([Expr@2:0-2:1(Name@2:0-2:1(78 Load ))][])"),
    ];
    for (name, source, expected) in cases {
        check(name, source, expected);
    }
}
