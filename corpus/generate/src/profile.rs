//! Capability profiles: which features a subject can run, and the tiny programs that find out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::markers::MARKERS;

/// The features that a subject lacks; the generator never draws what needs one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    missing: BTreeSet<String>,
}

/// A tiny program that shows whether a subject has a feature: it must do what the oracle does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    pub feature: &'static str,
    pub source: &'static str,
}

impl Profile {
    /// A subject that can run everything.
    pub fn full() -> Profile {
        Profile::default()
    }

    #[must_use]
    pub fn without(mut self, feature: &str) -> Profile {
        self.missing.insert(feature.to_owned());
        self
    }

    pub fn allows(&self, feature: &str) -> bool {
        !self.missing.contains(feature)
    }

    /// Markers of features that are missing: no drawn word may hold one.
    pub(crate) fn missing_markers(&self) -> Vec<&'static str> {
        let missing = MARKERS.iter().filter(|marker| !self.allows(marker.feature));
        missing.map(|marker| marker.text).collect()
    }

    /// The features that are missing, in order.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.missing.iter().map(String::as_str)
    }
}

/// One probe for each feature.
pub fn probes() -> Vec<Probe> {
    let named = PROBES
        .iter()
        .map(|(feature, source)| Probe { feature, source });
    let shown = MARKERS.iter().filter(|marker| !marker.probe.is_empty());
    let shown = shown.map(|marker| Probe {
        feature: marker.feature,
        source: marker.probe,
    });
    named.chain(shown).collect()
}

/// Whether a name is a feature that can be missing.
pub fn is_feature(name: &str) -> bool {
    PROBES.iter().any(|(feature, _)| *feature == name)
        || MARKERS.iter().any(|marker| marker.feature == name)
}

const PROBES: &[(&str, &str)] = &[
    ("sys", "import sys\nprint(sys.maxsize > 0)\n"),
    (
        "sys.exc_info",
        "import sys\ntry:\n    1 // 0\nexcept Exception:\n    print(sys.exc_info()[0].__name__)\n",
    ),
    (
        "exceptstar",
        "try:\n    raise ValueError(1)\nexcept* ValueError as group:\n    print(group.exceptions)\n",
    ),
    ("getsizeof", "import sys\nprint(sys.getsizeof([]) > 0)\n"),
    (
        "collections",
        "from collections import OrderedDict, Counter\nd = OrderedDict(a=1)\nd.move_to_end('a')\nprint(d, Counter('aab'))\n",
    ),
    (
        "defaultdict",
        "import collections\nd = collections.defaultdict(list, {1: 2})\nprint(d[3], d)\n",
    ),
    (
        "dict_union",
        "d = {1: 2} | {3: 4}\nd |= [(5, 6)]\nprint(d)\n",
    ),
    ("dict_reversed", "print(list(reversed({1: 2, 3: 4})))\n"),
    ("operator", "import operator\nprint(operator.add(1, 2))\n"),
    (
        "length_hint",
        "import operator\nprint(operator.length_hint(iter([1, 2])))\n",
    ),
    ("types", "import types\nprint(types.SimpleNamespace(a=1))\n"),
    (
        "mappingproxy",
        "import types\nprint(types.MappingProxyType({1: 2}))\n",
    ),
    (
        "math",
        "import math\nprint(math.gcd(4, 6), math.isqrt(17), math.comb(5, 2), math.factorial(5), math.log2(8))\n",
    ),
    ("math_lcm", "import math\nprint(math.lcm(4, 6))\n"),
    ("bit_count", "print((255).bit_count())\n"),
    (
        "int_limit",
        "try:\n    int('9' * 5000)\nexcept ValueError as error:\n    print(error)\n",
    ),
    (
        "functools",
        "import functools\nprint(functools.reduce(lambda a, b: a + b, [1, 2, 3]), functools.partial(int, base=2)('11'))\n",
    ),
    (
        "cmp_to_key",
        "import functools\nprint(sorted([2, 1, 3], key=functools.cmp_to_key(lambda a, b: b - a)))\n",
    ),
    (
        "bisect",
        "import bisect\nprint(bisect.bisect_left([1, 2, 3], 2))\n",
    ),
    (
        "heapq",
        "import heapq\nh = [3, 1, 2]\nheapq.heapify(h)\nprint(h, heapq.heappushpop(h, 0))\n",
    ),
    (
        "re",
        "import re\nprint(re.compile('(a|b)+c?').findall('abcab'))\nprint(re.sub('a', 'b', 'aa'), re.match('x*', 'xx').span())\n",
    ),
    (
        "sre_code",
        "import re._compiler\nprint(re._compiler._code(re._parser.parse('a+[bc]', 0), 0))\n",
    ),
    (
        "pickle",
        "import pickle\nfor p in range(6):\n    print(pickle.dumps([1, 'a', {2: 3.5}], p), pickle.loads(pickle.dumps((1, b'x'), p)))\n",
    ),
    (
        "pickle5",
        "import pickle\nprint(pickle.dumps(pickle.PickleBuffer(b'a'), 5, buffer_callback=lambda b: None))\n",
    ),
    (
        "pickletools",
        "import pickletools\npickletools.dis(b'\\x80\\x04K\\x01.')\n",
    ),
    (
        "struct",
        "import struct\nprint(struct.pack('<hI3s', 1, 2, b'ab'), struct.unpack_from('>H', b'abc', 1), struct.calcsize('bq'))\n",
    ),
    ("copy", "import copy\nprint(copy.deepcopy([1, {2: [3]}]))\n"),
    (
        "copyreg",
        "import copyreg\nprint(len(copyreg.dispatch_table) > 0)\n",
    ),
    (
        "io",
        "import io\nb = io.BytesIO(b'abc')\nprint(b.read(2), b.tell())\ns = io.StringIO()\ns.write('x')\nprint(s.getvalue())\n",
    ),
    (
        "notes",
        "e = ValueError(1)\ne.add_note('x')\nprint(e.__notes__)\n",
    ),
    (
        "traceback",
        "import traceback\ntry:\n    1 // 0\nexcept Exception as e:\n    print(traceback.format_exception_only(e))\n",
    ),
    (
        "contextlib",
        "import contextlib\nwith contextlib.suppress(KeyError):\n    {}[1]\nwith contextlib.ExitStack() as s:\n    s.callback(print, 1)\n",
    ),
    (
        "recursion",
        "def f(n):\n    return f(n + 1)\ntry:\n    f(0)\nexcept RecursionError as e:\n    print(e)\n",
    ),
    (
        "del_order",
        "class A:\n    def __del__(self):\n        print('del')\na = A()\ndel a\nprint('after')\n",
    ),
    (
        "codecs_basic",
        "print('aé'.encode('utf-16-be'), '\\ud800'.encode('utf-8', 'surrogatepass'), 'é'.encode('ascii', 'xmlcharrefreplace'))\n",
    ),
    (
        "codecs_all",
        "print('aé'.encode('cp1252'), 'é'.encode('utf-7'), b'a'.decode('cp437'), 'é'.encode('raw_unicode_escape'), 'é'.encode('punycode'))\n",
    ),
    (
        "removeprefix",
        "print('abc'.removeprefix('a'), 'abc'.removesuffix('c'))\n",
    ),
    (
        "intern",
        "import sys\nprint(sys.intern('a' + 'b') is sys.intern('ab'))\n",
    ),
    (
        "unicodedata",
        "import unicodedata\nprint(unicodedata.name('a'), unicodedata.normalize('NFD', 'é'))\n",
    ),
    (
        "string",
        "import string\nprint(string.Template('$a').substitute(a=1), string.digits)\n",
    ),
    (
        "textwrap",
        "import textwrap\nprint(textwrap.wrap('one two three', 8))\n",
    ),
    (
        "bytearray",
        "b = bytearray(b'abc')\nb[1:2] = b'xyz'\nprint(b)\n",
    ),
    (
        "enum",
        "import enum\nclass C(enum.Enum):\n    A = 1\n    B = enum.auto()\nclass F(enum.Flag):\n    X = 1\n    Y = 2\nprint(list(C), F.X | F.Y, enum.StrEnum, enum.KEEP)\n",
    ),
    (
        "asyncio",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 1\nprint(asyncio.run(f()))\n",
    ),
    (
        "taskgroup",
        "import asyncio\nasync def f():\n    async with asyncio.TaskGroup() as g:\n        t = g.create_task(asyncio.sleep(0, 5))\n    print(t.result())\nasyncio.run(f())\n",
    ),
    (
        "inspect",
        "import inspect\nprint(inspect.signature(lambda a, b=1: 0), inspect.getgeneratorstate(x for x in ()))\n",
    ),
    (
        "abc",
        "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): pass\ntry:\n    A()\nexcept TypeError as e:\n    print(e)\n",
    ),
    (
        "dataclasses",
        "import dataclasses\n@dataclasses.dataclass(order=True)\nclass D:\n    x: int\n    y: str = 'a'\nprint(D(1), D(1) < D(2))\n",
    ),
    (
        "weakref",
        "import weakref\nclass A: pass\na = A()\nr = weakref.ref(a)\nd = weakref.WeakValueDictionary()\nd[1] = a\nprint(r() is a, weakref.getweakrefcount(a), len(d))\n",
    ),
    (
        "gc",
        "import gc\nprint(gc.isenabled(), gc.is_tracked([]), gc.collect() >= 0, gc.get_threshold())\n",
    ),
    ("gc_finalized", "import gc\nprint(gc.is_finalized([]))\n"),
    ("getrefcount", "import sys\nprint(sys.getrefcount([]))\n"),
    (
        "getframe",
        "import sys\ndef f():\n    x = 1\n    return sys._getframe().f_locals, sys._getframe(1).f_code.co_name\nprint(f())\n",
    ),
    (
        "settrace",
        "import sys\nlog = []\ndef t(frame, event, arg):\n    log.append(event)\n    return t\ndef f():\n    return 1\nsys.settrace(t)\nf()\nsys.settrace(None)\nsys.setprofile(lambda *a: log.append(a[1]))\nf()\nsys.setprofile(None)\nprint(log)\n",
    ),
    (
        "itertools",
        "import itertools\nprint(list(itertools.chain([1], (2,))), list(itertools.islice(itertools.count(), 2)), list(itertools.pairwise('abc')), list(itertools.product([1, 2], repeat=2)))\n",
    ),
    (
        "zip_strict",
        "try:\n    list(zip([1], [], strict=True))\nexcept ValueError as e:\n    print(e)\n",
    ),
    (
        "files",
        "with open('probe.txt', 'w', newline='') as f:\n    print(f.write('a\\nb'))\nwith open('probe.txt', 'rb') as f:\n    print(f.read(), f.seek(1), f.readline())\nfor line in open('probe.txt'):\n    print(line)\n",
    ),
    (
        "os",
        "import os\nprint(os.path.join('a', 'b'), os.path.dirname('a/b'))\nos.makedirs('probe_folder', exist_ok=True)\nprint(os.path.exists('probe_folder'))\n",
    ),
    (
        "fileio",
        "import io\nwith io.FileIO('probe.raw', 'w') as f:\n    print(f.write(b'x'), f.mode)\n",
    ),
    (
        "textio",
        "import io\nw = io.TextIOWrapper(io.BytesIO(b'a\\r\\nb'), encoding='utf-8')\nprint(w.readline(), w.tell(), w.read())\n",
    ),
    (
        "bufferedio",
        "import io\nb = io.BufferedRandom(io.BytesIO(b'abcdef'), 4)\nprint(b.read(2), b.peek(1)[:1], b.seek(0), b.write(b'z'), b.flush())\n",
    ),
    (
        "importlib",
        "import importlib\nprint(importlib.import_module('sys').__name__)\nimportlib.invalidate_caches()\n",
    ),
    (
        "threading",
        "import threading\nout = []\nt = threading.Thread(target=out.append, args=(1,))\nt.start()\nt.join()\nprint(out, threading.Lock().acquire(False), threading.Event().is_set())\n",
    ),
    (
        "queue",
        "import queue\nq = queue.Queue()\nq.put(1)\nprint(q.get())\n",
    ),
    (
        "futures",
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool:\n    print(list(pool.map(str, [1, 2])))\n",
    ),
    (
        "marshal",
        "import marshal\nprint(marshal.loads(marshal.dumps([1, 'a', (2.5, b'x'), None])))\n",
    ),
    (
        "dis",
        "import dis\ndis.dis(compile('x + 1', 'p', 'eval'))\nprint(dis.stack_effect(1))\n",
    ),
    (
        "ast",
        "import ast\nprint(ast.dump(ast.parse('x = 1')), ast.unparse(ast.parse('y = [1]')), ast.literal_eval('(1, 2)'))\n",
    ),
    (
        "symtable",
        "import symtable\nprint(symtable.symtable('x = 1', 'n', 'exec').get_symbols()[0].get_name())\n",
    ),
    (
        "tokenize",
        "import tokenize, io\nprint([t.string for t in tokenize.generate_tokens(io.StringIO('x = 1').readline)])\n",
    ),
    (
        "co_positions",
        "print(list((lambda: 1).__code__.co_positions())[:2])\n",
    ),
    (
        "co_exceptiontable",
        "c = (lambda: 1).__code__\nprint(c.co_exceptiontable, c.co_qualname, len(c.co_linetable) > 0)\n",
    ),
    (
        "struct",
        "import struct\nprint(struct.pack('<ihd', 1, 2, 0.5), struct.unpack('>H', b'ab'))\n",
    ),
    (
        "binascii",
        "import binascii\nprint(binascii.hexlify(b'ab'), binascii.crc32(b'x'), binascii.a2b_base64(b'YQ=='))\n",
    ),
    (
        "array",
        "import array\nprint(array.array('i', [1, 2]), memoryview(array.array('b', [1])).format)\n",
    ),
    (
        "cmath",
        "import cmath\nprint(cmath.sqrt(-1), cmath.polar(1j))\n",
    ),
    (
        "math_nextafter",
        "import math\nprint(math.nextafter(1.0, 2.0), math.ulp(1.0))\n",
    ),
    (
        "fractions",
        "import fractions\nprint(fractions.Fraction(0.5))\n",
    ),
    ("decimal", "import decimal\nprint(decimal.Decimal(0.1))\n"),
];
