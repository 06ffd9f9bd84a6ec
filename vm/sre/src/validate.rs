//! Whether code words can be run at all (`_validate` of `Modules/_sre/sre.c`).
//!
//! Accepts exactly what CPython accepts: every operator known, every operand in range, every skip inside the
//! piece of code that it stands in and at the end of what it skips. Nested pieces are checked by recursion, as
//! deep as the pattern's own; a limit on the depth stands for CPython's C stack.

use crate::codes::{MAXGROUPS, at, category, info, op};

/// How deep pieces of code may be nested.
const MAXIMUM_DEPTH: usize = 4_000;

/// The words cannot be run.
struct Invalid;

type Checked<T = ()> = Result<T, Invalid>;

/// Whether the words are a program for the engine, for a pattern with so many groups.
pub fn is_valid(code: &[u32], groups: isize) -> bool {
    let Ok(groups) = u32::try_from(groups) else {
        return false;
    };
    let Some((&op::SUCCESS, body)) = code.split_last() else {
        return false;
    };
    groups <= MAXGROUPS && matches!(piece(body, groups, 0), Ok(End::Open))
}

/// How a piece of code ends: a jump may close the first half of a choice by group.
#[derive(PartialEq, Eq)]
enum End {
    Open,
    Jump,
}

/// A walk over words that never leaves them.
struct Words<'a> {
    words: &'a [u32],
    at: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Checked<u32> {
        let word = self.words.get(self.at).copied().ok_or(Invalid)?;
        self.at += 1;
        Ok(word)
    }

    fn left(&self) -> usize {
        self.words.len() - self.at
    }

    /// A skip, counted from the word that it stands in, or from one `back` words before it. It does not lead
    /// out of the words.
    fn skip(&mut self, back: usize) -> Checked<usize> {
        let room = self.left();
        let skip = self.next()? as usize;
        if skip.checked_sub(back).is_none_or(|skip| skip > room) {
            return Err(Invalid);
        }
        Ok(skip)
    }

    /// The words from here on, so many of them.
    fn take(&mut self, count: Option<usize>) -> Checked<&'a [u32]> {
        let count = count.filter(|&count| count <= self.left()).ok_or(Invalid)?;
        let taken = &self.words[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn expect(&mut self, wanted: &[u32]) -> Checked {
        match wanted.contains(&self.next()?) {
            true => Ok(()),
            false => Err(Invalid),
        }
    }
}

fn check(holds: bool) -> Checked {
    if holds { Ok(()) } else { Err(Invalid) }
}

fn open(code: &[u32], groups: u32, depth: usize) -> Checked {
    match piece(code, groups, depth)? {
        End::Open => Ok(()),
        End::Jump => Err(Invalid),
    }
}

/// A piece of code (`_validate_inner`).
fn piece(code: &[u32], groups: u32, depth: usize) -> Checked<End> {
    check(depth < MAXIMUM_DEPTH)?;
    let mut words = Words { words: code, at: 0 };
    while words.left() > 0 {
        match words.next()? {
            op::MARK => check(u64::from(words.next()?) <= 2 * u64::from(groups) + 1)?,
            op::LITERAL
            | op::NOT_LITERAL
            | op::LITERAL_IGNORE
            | op::NOT_LITERAL_IGNORE
            | op::LITERAL_UNI_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE => drop(words.next()?),
            op::SUCCESS | op::FAILURE | op::ANY | op::ANY_ALL => {}
            op::AT => check(words.next()? <= at::UNI_NON_BOUNDARY)?,
            op::IN | op::IN_IGNORE | op::IN_UNI_IGNORE | op::IN_LOC_IGNORE => {
                let skip = words.skip(0)?;
                charset(words.take(skip.checked_sub(2))?)?;
                words.expect(&[op::FAILURE])?;
            }
            op::INFO => info_block(&mut words)?,
            op::BRANCH => branch(&mut words, groups, depth)?,
            op::REPEAT_ONE | op::MIN_REPEAT_ONE | op::POSSESSIVE_REPEAT_ONE => {
                repeat(&mut words, 4, &[op::SUCCESS], groups, depth)?;
            }
            op::REPEAT => {
                let ends = [op::MAX_UNTIL, op::MIN_UNTIL];
                repeat(&mut words, 3, &ends, groups, depth)?;
            }
            op::POSSESSIVE_REPEAT => repeat(&mut words, 3, &[op::SUCCESS], groups, depth)?,
            op::ATOMIC_GROUP => {
                let skip = words.skip(0)?;
                open(words.take(skip.checked_sub(2))?, groups, depth + 1)?;
                words.expect(&[op::SUCCESS])?;
            }
            op::GROUPREF
            | op::GROUPREF_IGNORE
            | op::GROUPREF_UNI_IGNORE
            | op::GROUPREF_LOC_IGNORE => check(words.next()? < groups)?,
            op::GROUPREF_EXISTS => choice_by_group(&mut words, groups, depth)?,
            op::ASSERT | op::ASSERT_NOT => {
                let skip = words.skip(0)?;
                check(words.next()? < 1 << 31)?;
                open(words.take(skip.checked_sub(3))?, groups, depth + 1)?;
                words.expect(&[op::SUCCESS])?;
            }
            op::JUMP => {
                check(words.left() == 1)?;
                return Ok(End::Jump);
            }
            _ => return Err(Invalid),
        }
    }
    Ok(End::Open)
}

/// A set of characters, without the `FAILURE` that ends it.
fn charset(code: &[u32]) -> Checked {
    const BITMAP: usize = 256 / 32;
    const TABLE: usize = 256 / 4;
    let mut words = Words { words: code, at: 0 };
    while words.left() > 0 {
        match words.next()? {
            op::NEGATE => {}
            op::LITERAL => drop(words.next()?),
            op::RANGE | op::RANGE_UNI_IGNORE => drop(words.take(Some(2))?),
            op::CHARSET => drop(words.take(Some(BITMAP))?),
            op::BIGCHARSET => {
                let blocks = words.next()?;
                let table = words.take(Some(TABLE))?;
                let known = |word: &u32| word.to_ne_bytes().iter().all(|&b| u32::from(b) < blocks);
                check(table.iter().all(known))?;
                words.take((blocks as usize).checked_mul(BITMAP))?;
            }
            op::CATEGORY => check(words.next()? <= category::UNI_NOT_LINEBREAK)?,
            _ => return Err(Invalid),
        }
    }
    Ok(())
}

/// `INFO skip flags min max`, then a prefix with its overlaps, or a set.
fn info_block(words: &mut Words<'_>) -> Checked {
    let skip = words.skip(0)?;
    let mut block = Words {
        words: words.take(skip.checked_sub(1))?,
        at: 0,
    };
    let flags = block.next()?;
    block.take(Some(2))?;
    check(flags & !(info::PREFIX | info::LITERAL | info::CHARSET) == 0)?;
    check(flags & info::PREFIX == 0 || flags & info::CHARSET == 0)?;
    check(flags & info::LITERAL == 0 || flags & info::PREFIX != 0)?;
    if flags & info::PREFIX != 0 {
        let length = block.next()?;
        block.next()?;
        block.take(Some(length as usize))?;
        let overlaps = block.take(Some(length as usize))?;
        check(overlaps.iter().all(|&overlap| overlap < length))?;
    }
    if flags & info::CHARSET != 0 {
        charset(block.take(block.left().checked_sub(1))?)?;
        block.expect(&[op::FAILURE])?;
    }
    check(block.left() == 0)
}

/// Alternatives, each ended by a jump, all of them to the same place behind the last.
fn branch(words: &mut Words<'_>, groups: u32, depth: usize) -> Checked {
    let mut target = None;
    loop {
        let skip = words.skip(0)?;
        if skip == 0 {
            break;
        }
        open(words.take(skip.checked_sub(3))?, groups, depth + 1)?;
        words.expect(&[op::JUMP])?;
        let from = words.at;
        let place = from + words.skip(0)?;
        check(target.replace(place).is_none_or(|before| before == place))?;
    }
    check(target == Some(words.at))
}

/// `REPEAT skip min max item end`; the skip ends `rest` words behind where the item starts.
fn repeat(words: &mut Words<'_>, rest: usize, ends: &[u32], groups: u32, depth: usize) -> Checked {
    let skip = words.skip(0)?;
    let (least, most) = (words.next()?, words.next()?);
    check(least <= most)?;
    open(words.take(skip.checked_sub(rest))?, groups, depth + 1)?;
    words.expect(ends)
}

/// `GROUPREF_EXISTS group skip then`, and perhaps `JUMP skip else`.
fn choice_by_group(words: &mut Words<'_>, groups: u32, depth: usize) -> Checked {
    check(words.next()? < groups)?;
    let skip = words.skip(1)?;
    let then = words.take(skip.checked_sub(2))?;
    if piece(then, groups, depth + 1)? == End::Open {
        return Ok(());
    }
    // The then part ends with the jump, of which the last word is the skip over the else part.
    words.at -= 1;
    let skip = words.skip(0)?;
    open(words.take(skip.checked_sub(1))?, groups, depth + 1)
}
