//! The matcher: a loop over code words and a stack of frames for what may still have to be tried.
//!
//! An operator with a choice pushes a [`Frame`] and enters a piece of the code; when that piece
//! succeeds or fails the frame is taken off and decides how to go on. A piece entered from a
//! branch or a repeat runs to the end of the whole pattern, so its success is the match's; a piece
//! entered from an assertion, an atomic group or a possessive repeat ends at its own `SUCCESS`.

use crate::codes::{MAXREPEAT, at, info, op};
use crate::sets::{Characters, Fold, is_line_feed};
use crate::text::Unit;

mod choices;

/// What is asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Match at the start position.
    Match,
    /// Match at the start position, up to the end.
    FullMatch,
    /// Find the first position that matches.
    Search,
}

/// A run over a text.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, T> {
    /// The code words.
    pub code: &'a [u32],
    /// The whole text.
    pub text: &'a [T],
    /// Where to start; what stands before is seen by lookbehind only.
    pub start: usize,
    /// Where the text ends for the pattern. It may stand before the start: then a pattern that asks
    /// for no character still matches there, as in CPython.
    pub end: usize,
    /// What is asked.
    pub mode: Mode,
    /// Whether an empty match at the start position is refused.
    pub must_advance: bool,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where the match starts.
    pub start: usize,
    /// Where the match ends.
    pub end: usize,
    /// The spans of the groups from 1 on; groups beyond the list took no part.
    pub groups: Vec<Option<(usize, usize)>>,
    /// The number of the last group that was closed.
    pub last_index: Option<usize>,
}

/// Why a run has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// An unknown operator, or code that ends in the middle.
    IllegalCode,
    /// The end of a repeat without its start.
    BadState,
    /// There is no room for what is still to be tried.
    NoMemory,
}

/// A mark that was not set.
const UNSET: usize = usize::MAX;
/// No repeat.
const NO_REPEAT: usize = usize::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Branch,
    RepeatOne,
    MinRepeatOne,
    Repeat,
    MaxUntilLeast,
    MaxUntilItem,
    MaxUntilTail,
    MinUntilLeast,
    MinUntilTail,
    MinUntilItem,
    PossessiveLeast,
    PossessiveMore,
    Atomic,
    Assert,
    AssertNot,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    kind: Kind,
    /// Whether success of the code behind this frame is success of the whole pattern.
    top_level: bool,
    /// The code word behind the operator.
    pc: usize,
    position: usize,
    count: usize,
    repeat: usize,
    /// The position a repeat remembered before this frame changed it.
    last_position: usize,
    last_mark: isize,
    last_index: isize,
    /// Where this frame's copy of the marks starts on their stack, if it has one.
    saved_marks: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Repeat {
    /// Times the item matched; before the first it is -1, stored wrapped.
    count: usize,
    pc: usize,
    previous: usize,
    last_position: usize,
}

type Step = Result<Next, EngineError>;

/// Makes room on a stack.
#[inline]
fn room<T>(stack: &mut Vec<T>, count: usize) -> Result<(), EngineError> {
    if stack.capacity() - stack.len() >= count {
        return Ok(());
    }
    stack.try_reserve(count).map_err(|_| EngineError::NoMemory)
}

enum Next {
    Enter {
        pc: usize,
        top_level: bool,
    },
    Continue {
        pc: usize,
        position: usize,
        top_level: bool,
    },
    Done(bool),
}

/// The matcher with its stacks, which are kept from run to run.
#[derive(Debug)]
pub struct Engine {
    characters: Characters,
    frames: Vec<Frame>,
    repeats: Vec<Repeat>,
    repeat: usize,
    marks: Vec<usize>,
    mark_stack: Vec<usize>,
    last_mark: isize,
    last_index: isize,
    position: usize,
    start: usize,
    must_advance: bool,
}

impl Engine {
    /// A matcher that asks these tables about characters.
    pub fn new(characters: Characters) -> Engine {
        Engine {
            characters,
            frames: Vec::new(),
            repeats: Vec::new(),
            repeat: NO_REPEAT,
            marks: Vec::new(),
            mark_stack: Vec::new(),
            last_mark: -1,
            last_index: -1,
            position: 0,
            start: 0,
            must_advance: false,
        }
    }

    /// Runs a request.
    pub fn run<T: Unit>(
        &mut self,
        request: &Request<'_, T>,
    ) -> Result<Option<Outcome>, EngineError> {
        self.frames.clear();
        self.repeats.clear();
        self.mark_stack.clear();
        self.marks.clear();
        self.repeat = NO_REPEAT;
        self.must_advance = request.must_advance;
        self.start = request.start;
        self.reset_groups();
        let mut run = Run {
            engine: self,
            code: request.code,
            text: &request.text[..request.end],
            whole: request.text,
            match_all: request.mode == Mode::FullMatch,
        };
        let matched = match request.mode {
            Mode::Search => run.search()?,
            Mode::Match | Mode::FullMatch => run.match_at(0, request.start, true)?,
        };
        Ok(matched.then(|| self.outcome()))
    }

    fn reset_groups(&mut self) {
        self.last_mark = -1;
        self.last_index = -1;
    }

    fn outcome(&self) -> Outcome {
        let known = &self.marks[..(self.last_mark + 1) as usize];
        let groups = known.chunks(2).map(|pair| match *pair {
            [start, end] if start != UNSET && end != UNSET => Some((start, end)),
            _ => None,
        });
        Outcome {
            start: self.start,
            end: self.position,
            groups: groups.collect(),
            last_index: usize::try_from(self.last_index).ok(),
        }
    }
}

struct Run<'e, 'a, T> {
    engine: &'e mut Engine,
    code: &'a [u32],
    /// The text up to where the pattern may see.
    text: &'a [T],
    whole: &'a [T],
    match_all: bool,
}

impl<T: Unit> Run<'_, '_, T> {
    #[inline]
    fn word(&self, pc: usize) -> Result<u32, EngineError> {
        self.code.get(pc).copied().ok_or(EngineError::IllegalCode)
    }

    #[inline]
    fn skip(&self, pc: usize) -> Result<usize, EngineError> {
        Ok(pc + self.word(pc)? as usize)
    }

    #[inline]
    fn point(&self, position: usize) -> Option<u32> {
        self.text.get(position).map(|unit| unit.point())
    }

    /// How many characters follow a position; none when it lies behind the end.
    #[inline]
    fn room(&self, position: usize) -> Option<usize> {
        self.text.len().checked_sub(position)
    }

    fn set_at(&self, pc: usize) -> &[u32] {
        self.code.get(pc..).unwrap_or(&[])
    }

    /// Finds the first position that matches.
    fn search(&mut self) -> Result<bool, EngineError> {
        let first = self.engine.start;
        let Some(room) = self.room(first) else {
            return Ok(false);
        };
        let mut code = 0;
        let mut prefix = None;
        let mut charset = None;
        if self.word(0)? == op::INFO {
            let flags = self.word(2)?;
            if room < self.word(3)? as usize {
                return Ok(false);
            }
            if flags & info::PREFIX != 0 {
                prefix = Some(self.word(7)?).filter(|_| self.code[5] > 0);
            } else if flags & info::CHARSET != 0 {
                charset = Some(5);
            }
            code = self.skip(1)?;
        }
        if let Some(literal) = prefix {
            return self.search_from(code, first, |point| point == literal);
        }
        if let Some(set) = charset {
            let characters = self.engine.characters;
            let set = self.code.get(set..).unwrap_or(&[]).to_vec();
            return self.search_from(code, first, |point| characters.in_set(&set, point));
        }
        self.search_everywhere(code, first)
    }

    /// Tries the positions whose character may start a match.
    fn search_from(
        &mut self,
        code: usize,
        first: usize,
        may_start: impl Fn(u32) -> bool,
    ) -> Result<bool, EngineError> {
        self.engine.must_advance = false;
        let mut position = first;
        while let Some(offset) = self.text[position..]
            .iter()
            .position(|unit| may_start(unit.point()))
        {
            position += offset;
            self.engine.reset_groups();
            if self.match_at(code, position, false)? {
                return Ok(true);
            }
            position += 1;
        }
        Ok(false)
    }

    fn search_everywhere(&mut self, code: usize, first: usize) -> Result<bool, EngineError> {
        let matched = self.match_at(code, first, true)?;
        self.engine.must_advance = false;
        let anchored = self.word(code)? == op::AT
            && matches!(self.word(code + 1)?, at::BEGINNING | at::BEGINNING_STRING);
        if matched || anchored {
            return Ok(matched);
        }
        for position in first + 1..=self.text.len() {
            self.engine.reset_groups();
            if self.match_at(code, position, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn match_at(
        &mut self,
        code: usize,
        position: usize,
        top_level: bool,
    ) -> Result<bool, EngineError> {
        self.engine.start = position;
        self.engine.position = position;
        self.run_code(code, top_level)
    }

    /// Runs code at the current position until it succeeds or fails.
    fn run_code(&mut self, pc: usize, top_level: bool) -> Result<bool, EngineError> {
        let bottom = self.engine.frames.len();
        let mut next = Next::Enter { pc, top_level };
        loop {
            next = match next {
                Next::Enter { pc, top_level } => self.enter(pc, top_level)?,
                Next::Continue {
                    pc,
                    position,
                    top_level,
                } => self.execute(pc, position, top_level)?,
                Next::Done(matched) if self.engine.frames.len() == bottom => return Ok(matched),
                Next::Done(matched) => match self.engine.frames.pop() {
                    Some(frame) => self.resume(frame, matched)?,
                    None => return Err(EngineError::BadState),
                },
            };
        }
    }

    fn enter(&mut self, mut pc: usize, top_level: bool) -> Result<Next, EngineError> {
        let position = self.engine.position;
        if self.word(pc)? == op::INFO {
            let least = self.word(pc + 3)? as usize;
            if self.room(position).is_some_and(|room| room < least) {
                return Ok(Next::Done(false));
            }
            pc = self.skip(pc + 1)?;
        }
        self.execute(pc, position, top_level)
    }

    /// The operators that stand for one character: whether the text's next one is it, and how many
    /// words the operator takes. None for every other operator.
    #[inline]
    fn one_character(
        &self,
        pc: usize,
        position: usize,
    ) -> Result<Option<(bool, usize)>, EngineError> {
        let characters = &self.engine.characters;
        let Some(point) = self.point(position) else {
            return Ok(None);
        };
        let operand = || self.word(pc + 1);
        let literal = |fold| {
            Ok::<_, EngineError>((
                characters.equals_literal(fold, self.word(pc + 1)?, point),
                2,
            ))
        };
        let not = |(found, length): (bool, usize)| (!found, length);
        let set = |fold| {
            let length = 1 + self.word(pc + 1)? as usize;
            Ok::<_, EngineError>((
                characters.in_folded_set(fold, self.set_at(pc + 2), point),
                length,
            ))
        };
        Ok(Some(match self.word(pc)? {
            op::LITERAL => (operand()? == point, 2),
            op::NOT_LITERAL => (operand()? != point, 2),
            op::IN => set(Fold::None)?,
            op::ANY => (!is_line_feed(point), 1),
            op::ANY_ALL => (true, 1),
            op::CATEGORY => (characters.in_category(operand()?, point), 2),
            op::LITERAL_IGNORE => literal(Fold::Ascii)?,
            op::LITERAL_UNI_IGNORE => literal(Fold::Unicode)?,
            op::LITERAL_LOC_IGNORE => literal(Fold::Locale)?,
            op::NOT_LITERAL_IGNORE => not(literal(Fold::Ascii)?),
            op::NOT_LITERAL_UNI_IGNORE => not(literal(Fold::Unicode)?),
            op::NOT_LITERAL_LOC_IGNORE => not(literal(Fold::Locale)?),
            op::IN_IGNORE => set(Fold::Ascii)?,
            op::IN_UNI_IGNORE => set(Fold::Unicode)?,
            op::IN_LOC_IGNORE => set(Fold::Locale)?,
            _ => return Ok(None),
        }))
    }

    /// Executes operators until one needs a frame or the code succeeds or fails.
    fn execute(
        &mut self,
        mut pc: usize,
        mut position: usize,
        top_level: bool,
    ) -> Result<Next, EngineError> {
        loop {
            if let Some((found, length)) = self.one_character(pc, position)? {
                if !found {
                    return Ok(Next::Done(false));
                }
                pc += length;
                position += 1;
                continue;
            }
            match self.word(pc)? {
                op::MARK => {
                    self.set_mark(self.word(pc + 1)? as usize, position)?;
                    pc += 2;
                }
                op::SUCCESS => return Ok(self.succeed(position, top_level)),
                op::AT => {
                    let which = self.word(pc + 1)?;
                    let (characters, end) = (&self.engine.characters, self.text.len());
                    if !characters.at_position(which, self.whole, end, position) {
                        return Ok(Next::Done(false));
                    }
                    pc += 2;
                }
                op::JUMP | op::INFO => pc = self.skip(pc + 1)?,
                op::GROUPREF
                | op::GROUPREF_IGNORE
                | op::GROUPREF_UNI_IGNORE
                | op::GROUPREF_LOC_IGNORE => match self.match_group(pc, position)? {
                    Some(end) => (pc, position) = (pc + 2, end),
                    None => return Ok(Next::Done(false)),
                },
                op::GROUPREF_EXISTS => {
                    let group = self.word(pc + 1)? as usize;
                    pc = if self.group(group).is_some() {
                        pc + 3
                    } else {
                        self.skip(pc + 2)? - 1
                    };
                }
                op::FAILURE => return Ok(Next::Done(false)),
                _ => return self.execute_with_frame(pc, position, top_level),
            }
        }
    }

    fn succeed(&mut self, position: usize, top_level: bool) -> Next {
        if top_level && self.is_refused(position) {
            return Next::Done(false);
        }
        self.engine.position = position;
        Next::Done(true)
    }

    fn is_refused(&self, position: usize) -> bool {
        self.match_all && position != self.text.len()
            || self.engine.must_advance && position == self.engine.start
    }

    fn set_mark(&mut self, mark: usize, position: usize) -> Result<(), EngineError> {
        let engine = &mut *self.engine;
        if mark & 1 == 1 {
            engine.last_index = (mark / 2 + 1) as isize;
        }
        if let Some(missing) = (mark + 1).checked_sub(engine.marks.len()) {
            room(&mut engine.marks, missing)?;
            engine.marks.resize(mark + 1, UNSET);
        }
        if mark as isize > engine.last_mark {
            engine.marks[(engine.last_mark + 1) as usize..mark].fill(UNSET);
            engine.last_mark = mark as isize;
        }
        engine.marks[mark] = position;
        Ok(())
    }

    /// The span of a group (counted from 0) that a reference may use.
    fn group(&self, group: usize) -> Option<(usize, usize)> {
        if (group * 2) as isize >= self.engine.last_mark {
            return None;
        }
        let (start, end) = (
            self.engine.marks[group * 2],
            self.engine.marks[group * 2 + 1],
        );
        (start != UNSET && end != UNSET && start <= end).then_some((start, end))
    }

    /// Matches the text of a group again and gives the position behind it.
    fn match_group(&self, pc: usize, position: usize) -> Result<Option<usize>, EngineError> {
        let Some((start, end)) = self.group(self.word(pc + 1)? as usize) else {
            return Ok(None);
        };
        if start == end {
            return Ok(Some(position));
        }
        let fold = match self.word(pc)? {
            op::GROUPREF_IGNORE => Fold::Ascii,
            op::GROUPREF_UNI_IGNORE => Fold::Unicode,
            op::GROUPREF_LOC_IGNORE => Fold::Locale,
            _ => Fold::None,
        };
        let Some(again) = self.text.get(position..position + (end - start)) else {
            return Ok(None);
        };
        let folded = |unit: &T| self.engine.characters.fold(fold, unit.point());
        let equal = self.text[start..end]
            .iter()
            .zip(again)
            .all(|(a, b)| folded(a) == folded(b));
        Ok(equal.then_some(position + again.len()))
    }

    /// How many times in a row, up to `most`, the one-character item matches.
    fn count(&mut self, item: usize, position: usize, most: u32) -> Result<usize, EngineError> {
        let mut end = self.text.len();
        if most != MAXREPEAT && (most as usize) < end - position {
            end = position + most as usize;
        }
        let run = &self.text[position..end];
        let until = |stop: &dyn Fn(u32) -> bool| {
            run.iter()
                .position(|u| stop(u.point()))
                .unwrap_or(run.len())
        };
        match self.word(item)? {
            op::ANY_ALL => return Ok(run.len()),
            op::ANY => return Ok(until(&is_line_feed)),
            op::LITERAL => {
                let literal = self.word(item + 1)?;
                return Ok(run
                    .iter()
                    .position(|u| u.point() != literal)
                    .unwrap_or(run.len()));
            }
            op::NOT_LITERAL => {
                let literal = self.word(item + 1)?;
                return Ok(run
                    .iter()
                    .position(|u| u.point() == literal)
                    .unwrap_or(run.len()));
            }
            op::IN => {
                let (set, characters) = (self.set_at(item + 2), self.engine.characters);
                return Ok(run
                    .iter()
                    .position(|u| !characters.in_set(set, u.point()))
                    .unwrap_or(run.len()));
            }
            _ => {}
        }
        let mut here = position;
        while here < end {
            match self.one_character(item, here)? {
                Some((true, _)) => here += 1,
                Some((false, _)) => break,
                None => return self.count_by_running(item, position, end),
            }
        }
        Ok(here - position)
    }

    fn count_by_running(
        &mut self,
        item: usize,
        position: usize,
        end: usize,
    ) -> Result<usize, EngineError> {
        self.engine.position = position;
        while self.engine.position < end && self.run_code(item, false)? {}
        Ok(self.engine.position - position)
    }

    fn frame(&self, kind: Kind, pc: usize, position: usize, top_level: bool) -> Frame {
        Frame {
            kind,
            top_level,
            pc,
            position,
            count: 0,
            repeat: NO_REPEAT,
            last_position: UNSET,
            last_mark: self.engine.last_mark,
            last_index: self.engine.last_index,
            saved_marks: None,
        }
    }

    /// Pushes a frame and enters code at a position.
    fn call(&mut self, frame: Frame, pc: usize, position: usize, top_level: bool) -> Step {
        self.engine.position = position;
        room(&mut self.engine.frames, 1)?;
        self.engine.frames.push(frame);
        Ok(Next::Enter { pc, top_level })
    }

    /// Copies the marks for a frame, as they must come back when the code entered fails.
    fn save_marks(&mut self, frame: &mut Frame) -> Result<(), EngineError> {
        let engine = &mut *self.engine;
        (frame.last_mark, frame.last_index) = (engine.last_mark, engine.last_index);
        frame.saved_marks = Some(engine.mark_stack.len());
        let marks = &engine.marks[..(engine.last_mark + 1) as usize];
        room(&mut engine.mark_stack, marks.len())?;
        engine.mark_stack.extend_from_slice(marks);
        Ok(())
    }

    fn save_marks_in_repeat(&mut self, frame: &mut Frame) -> Result<(), EngineError> {
        (frame.last_mark, frame.last_index) = (self.engine.last_mark, self.engine.last_index);
        if self.engine.repeat != NO_REPEAT {
            self.save_marks(frame)?;
        }
        Ok(())
    }

    fn restore_marks(&mut self, frame: &Frame) {
        let engine = &mut *self.engine;
        if let Some(base) = frame.saved_marks {
            let count = (frame.last_mark + 1) as usize;
            engine.marks[..count].copy_from_slice(&engine.mark_stack[base..base + count]);
        }
        (engine.last_mark, engine.last_index) = (frame.last_mark, frame.last_index);
    }

    fn discard_marks(&mut self, frame: &mut Frame) {
        if let Some(base) = frame.saved_marks.take() {
            self.engine.mark_stack.truncate(base);
        }
    }

    fn finish(&mut self, mut frame: Frame, matched: bool) -> Next {
        self.discard_marks(&mut frame);
        Next::Done(matched)
    }
}
