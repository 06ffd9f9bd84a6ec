//! Pickle streams: small machines of opcodes that build values, and streams with something wrong.

use crate::random::Random;
use crate::values::Constant;

/// A writer of opcodes that knows how deep the stack is and how much is memoised.
struct Machine {
    out: Vec<u8>,
    protocol: u8,
    /// For each value on the stack, whether it is hashable, and what container it is.
    stack: Vec<Item>,
    memo: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Item {
    Plain,
    List,
    Dict,
    Set,
    Unhashable,
}

/// Functions that a stream may name: none of them touches the outside.
const GLOBALS: [(&str, &str); 13] = [
    ("builtins", "int"),
    ("builtins", "list"),
    ("builtins", "dict"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
    ("builtins", "range"),
    ("builtins", "bytearray"),
    ("builtins", "str"),
    ("builtins", "tuple"),
    ("builtins", "slice"),
    ("collections", "OrderedDict"),
    ("builtins", "ValueError"),
];

impl Machine {
    fn new(random: &mut Random) -> Machine {
        let protocol = random.below(6) as u8;
        let mut out = Vec::new();
        if protocol >= 2 {
            out.extend([0x80, protocol]);
        }
        Machine {
            out,
            protocol,
            stack: Vec::new(),
            memo: 0,
        }
    }

    fn push(&mut self, bytes: &[u8], item: Item) {
        self.out.extend(bytes);
        self.stack.push(item);
    }

    fn text(&mut self, random: &mut Random) {
        let words: [&str; 9] = ["a", "", "key", "é", "日本", "😀", "x y", "\u{80}", "spam"];
        let mut word = (random.pick(&words)).to_owned();
        if random.chance(1, 12) {
            word = word.repeat(random.pick(&[64, 127, 128, 255, 256]));
        }
        let bytes = word.as_bytes();
        let mut out = Vec::new();
        match random.below(4) {
            0 if bytes.len() < 256 => out.extend([0x8c, bytes.len() as u8]),
            1 => {
                out.push(0x8d);
                out.extend((bytes.len() as u64).to_le_bytes());
            }
            _ => {
                out.push(b'X');
                out.extend((bytes.len() as u32).to_le_bytes());
            }
        }
        out.extend(bytes);
        self.push(&out, Item::Plain);
    }

    fn number(&mut self, random: &mut Random) {
        let number = random.pick(&[
            0_i64,
            1,
            -1,
            127,
            128,
            255,
            256,
            65535,
            65536,
            -32768,
            1 << 30,
            (1 << 31) - 1,
            1 << 31,
            -(1 << 31),
            1 << 60,
            i64::MAX,
            i64::MIN,
        ]);
        let out = match random.below(6) {
            0 => vec![b'K', number as u8],
            1 => [vec![b'M'], (number as u16).to_le_bytes().to_vec()].concat(),
            2 => [vec![b'J'], (number as i32).to_le_bytes().to_vec()].concat(),
            3 => format!("I{number}\n").into_bytes(),
            4 => format!("L{number}L\n").into_bytes(),
            _ => {
                let mut bytes = number.to_le_bytes().to_vec();
                bytes.extend(vec![if number < 0 { 0xff } else { 0 }; random.below(3)]);
                [vec![0x8a, bytes.len() as u8], bytes].concat()
            }
        };
        self.push(&out, Item::Plain);
    }

    fn float(&mut self, random: &mut Random) {
        let number = random.pick(&[0.0_f64, -0.0, 1.5, 1e300, f64::INFINITY, f64::NAN, 0.1]);
        if random.chance(1, 2) {
            let out = [vec![b'G'], number.to_bits().to_be_bytes().to_vec()].concat();
            self.push(&out, Item::Plain);
        } else {
            let shown = if number.is_nan() {
                "nan".into()
            } else {
                format!("{number:?}")
            };
            self.push(format!("F{shown}\n").as_bytes(), Item::Plain);
        }
    }

    fn bytes(&mut self, random: &mut Random) {
        let length = random.pick(&[0_usize, 1, 3, 255, 256]);
        let body = vec![random.pick(&[0_u8, b'a', 0xff]); length];
        let (head, item) = match random.below(4) {
            0 if length < 256 => (vec![b'C', length as u8], Item::Plain),
            1 => (
                [vec![0x8e], (length as u64).to_le_bytes().to_vec()].concat(),
                Item::Plain,
            ),
            2 => (
                [vec![0x96], (length as u64).to_le_bytes().to_vec()].concat(),
                Item::Unhashable,
            ),
            _ => (
                [vec![b'B'], (length as u32).to_le_bytes().to_vec()].concat(),
                Item::Plain,
            ),
        };
        self.push(&[head, body].concat(), item);
    }

    fn value(&mut self, random: &mut Random) {
        match random.below(14) {
            0 => self.push(b"N", Item::Plain),
            1 => {
                let word: [&[u8]; 4] = [b"\x88", b"\x89", b"I01\n", b"I00\n"];
                self.push(random.pick(&word), Item::Plain);
            }
            2..=4 => self.number(random),
            5 => self.float(random),
            6 | 7 => self.text(random),
            8 => self.bytes(random),
            9 => self.push(b"]", Item::List),
            10 => self.push(b"}", Item::Dict),
            11 => self.push(b"\x8f", Item::Set),
            12 => self.push(b")", Item::Plain),
            _ => self.quoted(random),
        }
    }

    /// The string opcodes of the oldest protocols.
    fn quoted(&mut self, random: &mut Random) {
        let words: [&[u8]; 9] = [
            b"S'abc'\n",
            b"S\"x\"\n",
            b"S'\\x41\\n'\n",
            b"Vabc\n",
            b"V\\u00e9\\U0001f600\n",
            b"V\xe9\n",
            b"U\x03abc",
            b"T\x02\x00\x00\x00hi",
            b"S'\\xff'\n",
        ];
        self.push(random.pick(&words), Item::Plain);
    }

    fn hashable(&self, back: usize) -> bool {
        let at = self.stack.len().checked_sub(back + 1);
        at.is_some_and(|at| self.stack[at] == Item::Plain)
    }

    /// An opcode that takes something from the stack, where the stack allows it.
    fn combine(&mut self, random: &mut Random) {
        let depth = self.stack.len();
        let below = |back: usize| depth.checked_sub(back + 1).map(|at| self.stack[at]);
        match random.below(12) {
            0 if below(1) == Some(Item::List) => {
                self.out.push(b'a');
                self.stack.pop();
            }
            1 if below(2) == Some(Item::Dict) && self.hashable(1) => {
                self.out.push(b's');
                self.stack.truncate(depth - 2);
            }
            2 if depth > 0 => {
                let wide = random.pick(&[1_usize, 2, 3]);
                if wide <= depth {
                    self.out.push(0x84 + wide as u8);
                    let plain = (0..wide).all(|back| self.hashable(back));
                    self.stack.truncate(depth - wide);
                    self.stack
                        .push(if plain { Item::Plain } else { Item::Unhashable });
                }
            }
            3 | 4 if depth > 0 => self.memoise(random),
            5 | 6 if self.memo > 0 => self.recall(random),
            7 if depth > 1 => {
                self.out.push(b'0');
                self.stack.pop();
            }
            8 if depth > 0 => {
                let top = self.stack[depth - 1];
                self.push(b"2", top);
            }
            9 | 10 => self.marked(random),
            11 => self.call(random),
            _ => {}
        }
    }

    fn memoise(&mut self, random: &mut Random) {
        let index = self.memo;
        match random.below(3) {
            0 => self.out.push(0x94),
            1 if index < 256 => self.out.extend([b'q', index as u8]),
            _ => self.out.extend(format!("p{index}\n").into_bytes()),
        }
        self.memo += 1;
    }

    fn recall(&mut self, random: &mut Random) {
        let index = random.below(self.memo);
        let out = match random.below(3) {
            0 => vec![b'h', index as u8],
            1 => [vec![b'j'], (index as u32).to_le_bytes().to_vec()].concat(),
            _ => format!("g{index}\n").into_bytes(),
        };
        self.push(&out, Item::Unhashable);
    }

    /// A mark, some values, and an opcode that gathers them.
    fn marked(&mut self, random: &mut Random) {
        let depth = self.stack.len();
        let top = self.stack.last().copied();
        self.out.push(b'(');
        let items = random.below(5);
        for _ in 0..items * 2 {
            self.number(random);
        }
        let (opcode, kept, pushed) = match (random.below(4), top) {
            (0, Some(Item::List)) => (b'e', depth, None),
            (0, Some(Item::Dict)) => (b'u', depth, None),
            (0, Some(Item::Set)) => (0x90, depth, None),
            (1, _) => (b't', depth, Some(Item::Plain)),
            (2, _) => (b'd', depth, Some(Item::Dict)),
            (3, _) => (0x91, depth, Some(Item::Plain)),
            _ => (b'l', depth, Some(Item::List)),
        };
        self.out.push(opcode);
        self.stack.truncate(kept);
        self.stack.extend(pushed);
    }

    /// A global of the safe list, called on a small tuple.
    fn call(&mut self, random: &mut Random) {
        let (module, name) = random.pick(&GLOBALS);
        if random.chance(1, 2) || self.protocol < 4 {
            self.out.extend(format!("c{module}\n{name}\n").into_bytes());
        } else {
            self.out.extend([0x8c, module.len() as u8]);
            self.out.extend(module.as_bytes());
            self.out.extend([0x8c, name.len() as u8]);
            self.out.extend(name.as_bytes());
            self.out.push(0x93);
        }
        self.out.push(b'(');
        for _ in 0..random.below(3) {
            let small = [vec![b'K'], vec![random.pick(&[0_u8, 1, 5, 40])]].concat();
            self.out.extend(small);
        }
        self.out.push(b't');
        self.out.push(random.pick(&[b'R', b'R', 0x81]));
        self.stack.push(Item::Unhashable);
    }
}

fn stream(random: &mut Random) -> Vec<u8> {
    let mut machine = Machine::new(random);
    let steps = random.pick(&[1, 2, 4, 8, 16]);
    for _ in 0..steps {
        if machine.stack.is_empty() || random.chance(1, 2) {
            machine.value(random);
        } else {
            machine.combine(random);
        }
    }
    if machine.stack.is_empty() {
        machine.value(random);
    }
    if machine.stack.len() > 1 && machine.stack.len() < 4 {
        machine.out.push(0x84 + machine.stack.len() as u8);
    }
    machine.out.push(b'.');
    machine.out
}

/// A stream that loads, or fails for one of the less obvious reasons.
pub fn crafted(random: &mut Random) -> Constant {
    Constant::Bytes(stream(random))
}

/// A stream with a few bytes cut off, changed or put in; it can still name nothing outside of the safe list,
/// as the programs load such streams through an unpickler that finds only those.
pub fn corrupted(random: &mut Random) -> Constant {
    const FIXED: [&[u8]; 24] = [
        b"",
        b".",
        b"N",
        b"0.",
        b"(.",
        b"\x80\x06N.",
        b"\x80\xff",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
        b"h\x00.",
        b"g-1\n.",
        b"gx\n.",
        b"I\n.",
        b"Iabc\n.",
        b"L5\n.",
        b"\x8a\xff",
        b"\x8b\xff\xff\xff\xff.",
        b"X\xff\xff\xff\x7f",
        b"\x8c\x02\xff\xfe.",
        b"S'abc\n.",
        b"Sabc\n.",
        b"cno\nsuch\n.",
        b"]N\x90.",
        b"NNs.",
        b"\x97.",
    ];
    if random.chance(1, 3) {
        return Constant::Bytes(random.pick(&FIXED).to_vec());
    }
    let mut bytes = stream(random);
    for _ in 0..1 + random.below(2) {
        let at = random
            .below(bytes.len().max(1))
            .min(bytes.len().saturating_sub(1));
        match random.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(
                at,
                random.pick(&[
                    b'.', b'(', b't', b'0', b'a', b'e', 0x94, 0x95, 0xff, b's', b'u', b'2', b'R',
                ]),
            ),
            2 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            _ if !bytes.is_empty() => {
                bytes[at] = bytes[at].wrapping_add(random.pick(&[1, 0xff, 0x80]))
            }
            _ => {}
        }
    }
    Constant::Bytes(bytes)
}
