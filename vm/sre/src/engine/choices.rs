//! The operators with a choice: what they push, and how they go on when the piece they entered
//! has succeeded or failed.

use super::{EngineError, Frame, Kind, Next, Repeat, Run, Step, UNSET, room};
use crate::codes::{MAXREPEAT, op};
use crate::text::Unit;

impl<T: Unit> Run<'_, '_, T> {
    /// Executes an operator that needs a frame.
    pub(super) fn execute_with_frame(
        &mut self,
        pc: usize,
        position: usize,
        top_level: bool,
    ) -> Step {
        let body = pc + 1;
        let frame = |run: &Self, kind| run.frame(kind, body, position, top_level);
        match self.word(pc)? {
            op::BRANCH => {
                let mut frame = frame(self, Kind::Branch);
                self.save_marks_in_repeat(&mut frame)?;
                self.try_branch(frame)
            }
            op::REPEAT_ONE => self.start_repeat_one(frame(self, Kind::RepeatOne)),
            op::MIN_REPEAT_ONE => self.start_min_repeat_one(frame(self, Kind::MinRepeatOne)),
            op::POSSESSIVE_REPEAT_ONE => self.possessive_repeat_one(body, position, top_level),
            op::REPEAT => self.start_repeat(frame(self, Kind::Repeat)),
            op::MAX_UNTIL => self.max_until(frame(self, Kind::MaxUntilLeast)),
            op::MIN_UNTIL => self.min_until(frame(self, Kind::MinUntilLeast)),
            op::POSSESSIVE_REPEAT => self.start_possessive(frame(self, Kind::PossessiveLeast)),
            op::ATOMIC_GROUP => {
                let frame = frame(self, Kind::Atomic);
                self.call(frame, body + 1, position, false)
            }
            op::ASSERT => {
                let Some(back) = position.checked_sub(self.word(body + 1)? as usize) else {
                    return Ok(Next::Done(false));
                };
                let frame = frame(self, Kind::Assert);
                self.call(frame, body + 2, back, false)
            }
            op::ASSERT_NOT => {
                let Some(back) = position.checked_sub(self.word(body + 1)? as usize) else {
                    return Ok(Next::Continue {
                        pc: self.skip(body)?,
                        position,
                        top_level,
                    });
                };
                let mut frame = frame(self, Kind::AssertNot);
                self.save_marks_in_repeat(&mut frame)?;
                self.call(frame, body + 2, back, false)
            }
            operator if is_one_character(operator) && position >= self.text.len() => {
                Ok(Next::Done(false))
            }
            _ => Err(EngineError::IllegalCode),
        }
    }

    /// Goes on with a frame whose piece of code has succeeded or failed.
    pub(super) fn resume(&mut self, frame: Frame, matched: bool) -> Step {
        match frame.kind {
            Kind::Branch | Kind::RepeatOne | Kind::MinRepeatOne if matched => {
                Ok(self.finish(frame, true))
            }
            Kind::Branch => self.next_branch(frame),
            Kind::RepeatOne => self.one_fewer(frame),
            Kind::MinRepeatOne => self.one_more(frame),
            Kind::Repeat => {
                self.engine.repeat = self.engine.repeats[frame.repeat].previous;
                self.engine.repeats.pop();
                Ok(Next::Done(matched))
            }
            Kind::MaxUntilLeast | Kind::MinUntilLeast => Ok(self.undo_count(frame, matched)),
            Kind::MaxUntilItem => self.after_max_item(frame, matched),
            Kind::MaxUntilTail => {
                self.engine.repeat = frame.repeat;
                if !matched {
                    self.engine.position = frame.position;
                }
                Ok(Next::Done(matched))
            }
            Kind::MinUntilTail => self.after_min_tail(frame, matched),
            Kind::MinUntilItem => {
                self.engine.repeats[frame.repeat].last_position = frame.last_position;
                Ok(self.undo_count(frame, matched))
            }
            Kind::PossessiveLeast => self.after_possessive_least(frame, matched),
            Kind::PossessiveMore => self.after_possessive_more(frame, matched),
            Kind::Atomic if matched => self.go_on(&frame, self.engine.position),
            Kind::Assert if matched => self.go_on(&frame, frame.position),
            Kind::Atomic | Kind::Assert => Ok(Next::Done(false)),
            Kind::AssertNot if matched => Ok(self.finish(frame, false)),
            Kind::AssertNot => {
                let mut frame = frame;
                self.restore_marks(&frame);
                self.discard_marks(&mut frame);
                self.go_on(&frame, frame.position)
            }
        }
    }

    /// Continues with the code behind the operator's own.
    fn go_on(&self, frame: &Frame, position: usize) -> Step {
        Ok(Next::Continue {
            pc: self.skip(frame.pc)?,
            position,
            top_level: frame.top_level,
        })
    }

    // Branches.

    /// Enters the next alternative whose first character can match.
    fn try_branch(&mut self, mut frame: Frame) -> Step {
        while self.word(frame.pc)? != 0 {
            let first = frame.pc + 1;
            let possible = match self.word(first)? {
                op::LITERAL | op::IN => self
                    .one_character(first, frame.position)?
                    .is_some_and(|(found, _)| found),
                _ => true,
            };
            if possible {
                return self.call(frame, first, frame.position, frame.top_level);
            }
            frame.pc = self.skip(frame.pc)?;
        }
        Ok(self.finish(frame, false))
    }

    fn next_branch(&mut self, mut frame: Frame) -> Step {
        self.restore_marks(&frame);
        frame.pc = self.skip(frame.pc)?;
        self.try_branch(frame)
    }

    // Repeats of one character. The operands are: skip, least, most, item.

    fn start_repeat_one(&mut self, mut frame: Frame) -> Step {
        let least = self.word(frame.pc + 1)? as usize;
        if self.room(frame.position).is_none_or(|room| least > room) {
            return Ok(Next::Done(false));
        }
        frame.count = self.count(frame.pc + 3, frame.position, self.word(frame.pc + 2)?)?;
        frame.position += frame.count;
        if frame.count < least {
            return Ok(Next::Done(false));
        }
        let tail = self.skip(frame.pc)?;
        let advances =
            !(frame.top_level && self.engine.must_advance && frame.position == self.engine.start);
        if self.word(tail)? == op::SUCCESS && frame.position == self.text.len() && advances {
            self.engine.position = frame.position;
            return Ok(Next::Done(true));
        }
        self.save_marks_in_repeat(&mut frame)?;
        self.try_tail(frame, least)
    }

    /// Enters the tail behind as many items as still stand, but only where its literal fits.
    fn try_tail(&mut self, mut frame: Frame, least: usize) -> Step {
        let tail = self.skip(frame.pc)?;
        if self.word(tail)? == op::LITERAL {
            let literal = self.word(tail + 1)?;
            while self.point(frame.position) != Some(literal) {
                if frame.count == least {
                    return Ok(self.finish(frame, false));
                }
                frame.count -= 1;
                frame.position -= 1;
            }
        }
        self.call(frame, tail, frame.position, frame.top_level)
    }

    fn one_fewer(&mut self, mut frame: Frame) -> Step {
        self.restore_marks(&frame);
        let least = self.word(frame.pc + 1)? as usize;
        if frame.count == least {
            return Ok(self.finish(frame, false));
        }
        frame.count -= 1;
        frame.position -= 1;
        self.try_tail(frame, least)
    }

    fn start_min_repeat_one(&mut self, mut frame: Frame) -> Step {
        let least = self.word(frame.pc + 1)?;
        let room = self.room(frame.position);
        if room.is_none_or(|room| least as usize > room) {
            return Ok(Next::Done(false));
        }
        if least > 0 {
            frame.count = self.count(frame.pc + 3, frame.position, least)?;
            if frame.count < least as usize {
                return Ok(Next::Done(false));
            }
            frame.position += frame.count;
        }
        let tail = self.skip(frame.pc)?;
        if self.word(tail)? == op::SUCCESS && !(frame.top_level && self.is_refused(frame.position))
        {
            self.engine.position = frame.position;
            return Ok(Next::Done(true));
        }
        self.save_marks_in_repeat(&mut frame)?;
        self.try_min_tail(frame)
    }

    fn try_min_tail(&mut self, frame: Frame) -> Step {
        let most = self.word(frame.pc + 2)?;
        if most != MAXREPEAT && frame.count > most as usize {
            return Ok(self.finish(frame, false));
        }
        let tail = self.skip(frame.pc)?;
        self.call(frame, tail, frame.position, frame.top_level)
    }

    fn one_more(&mut self, mut frame: Frame) -> Step {
        self.restore_marks(&frame);
        if self.count(frame.pc + 3, frame.position, 1)? == 0 {
            return Ok(self.finish(frame, false));
        }
        frame.count += 1;
        frame.position += 1;
        self.try_min_tail(frame)
    }

    fn possessive_repeat_one(&mut self, body: usize, position: usize, top_level: bool) -> Step {
        let least = self.word(body + 1)? as usize;
        if self.room(position).is_none_or(|room| least > room) {
            return Ok(Next::Done(false));
        }
        let count = self.count(body + 3, position, self.word(body + 2)?)?;
        if count < least {
            return Ok(Next::Done(false));
        }
        Ok(Next::Continue {
            pc: self.skip(body)?,
            position: position + count,
            top_level,
        })
    }

    // Repeats of longer items. REPEAT remembers where the item is; the UNTIL behind the item
    // decides after every round whether there is another one or the tail follows.

    fn push_repeat(&mut self, pc: usize) -> Result<usize, EngineError> {
        let engine = &mut *self.engine;
        let previous = engine.repeat;
        room(&mut engine.repeats, 1)?;
        engine.repeats.push(Repeat {
            count: usize::MAX,
            pc,
            previous,
            last_position: UNSET,
        });
        engine.repeat = engine.repeats.len() - 1;
        Ok(engine.repeat)
    }

    fn start_repeat(&mut self, mut frame: Frame) -> Step {
        frame.repeat = self.push_repeat(frame.pc)?;
        let until = self.skip(frame.pc)?;
        self.call(frame, until, frame.position, frame.top_level)
    }

    /// Takes up the innermost repeat: its least and most counts and where its item is.
    fn enter_until(&mut self, frame: &mut Frame) -> Result<(usize, u32, usize), EngineError> {
        frame.repeat = self.engine.repeat;
        let repeat = self
            .engine
            .repeats
            .get(frame.repeat)
            .ok_or(EngineError::BadState)?;
        frame.count = repeat.count.wrapping_add(1);
        let pc = repeat.pc;
        self.engine.position = frame.position;
        Ok((self.word(pc + 1)? as usize, self.word(pc + 2)?, pc + 3))
    }

    fn undo_count(&mut self, frame: Frame, matched: bool) -> Next {
        if !matched {
            self.engine.repeats[frame.repeat].count = frame.count.wrapping_sub(1);
            self.engine.position = frame.position;
        }
        Next::Done(matched)
    }

    fn max_until(&mut self, mut frame: Frame) -> Step {
        let (least, most, item) = self.enter_until(&mut frame)?;
        let repeat = frame.repeat;
        if frame.count < least {
            self.engine.repeats[repeat].count = frame.count;
            return self.call(frame, item, frame.position, frame.top_level);
        }
        let more = most == MAXREPEAT || frame.count < most as usize;
        // An item that matched nothing is not tried again at the same place.
        if more && frame.position != self.engine.repeats[repeat].last_position {
            self.engine.repeats[repeat].count = frame.count;
            self.save_marks(&mut frame)?;
            frame.kind = Kind::MaxUntilItem;
            frame.last_position = self.engine.repeats[repeat].last_position;
            self.engine.repeats[repeat].last_position = frame.position;
            return self.call(frame, item, frame.position, frame.top_level);
        }
        self.try_max_tail(frame)
    }

    fn try_max_tail(&mut self, mut frame: Frame) -> Step {
        frame.kind = Kind::MaxUntilTail;
        self.engine.repeat = self.engine.repeats[frame.repeat].previous;
        self.call(frame, frame.pc, frame.position, frame.top_level)
    }

    fn after_max_item(&mut self, mut frame: Frame, matched: bool) -> Step {
        self.engine.repeats[frame.repeat].last_position = frame.last_position;
        if matched {
            return Ok(self.finish(frame, true));
        }
        self.restore_marks(&frame);
        self.discard_marks(&mut frame);
        self.engine.repeats[frame.repeat].count = frame.count.wrapping_sub(1);
        self.try_max_tail(frame)
    }

    fn min_until(&mut self, mut frame: Frame) -> Step {
        let (least, _, item) = self.enter_until(&mut frame)?;
        if frame.count < least {
            self.engine.repeats[frame.repeat].count = frame.count;
            return self.call(frame, item, frame.position, frame.top_level);
        }
        self.engine.repeat = self.engine.repeats[frame.repeat].previous;
        self.save_marks_in_repeat(&mut frame)?;
        frame.kind = Kind::MinUntilTail;
        self.call(frame, frame.pc, frame.position, frame.top_level)
    }

    fn after_min_tail(&mut self, mut frame: Frame, matched: bool) -> Step {
        self.engine.repeat = frame.repeat;
        if matched {
            return Ok(self.finish(frame, true));
        }
        self.restore_marks(&frame);
        self.discard_marks(&mut frame);
        self.engine.position = frame.position;
        let repeat = self.engine.repeats[frame.repeat];
        let most = self.word(repeat.pc + 2)?;
        let enough = most != MAXREPEAT && frame.count >= most as usize;
        if enough || frame.position == repeat.last_position {
            return Ok(Next::Done(false));
        }
        frame.kind = Kind::MinUntilItem;
        frame.last_position = repeat.last_position;
        self.engine.repeats[frame.repeat].count = frame.count;
        self.engine.repeats[frame.repeat].last_position = frame.position;
        self.call(frame, repeat.pc + 3, frame.position, frame.top_level)
    }

    // Possessive repeats. Each round is a match of its own, so nothing in it is tried again later.
    // No repeat is installed meanwhile, so a choice inside that is not itself in a repeat does not
    // save its marks: groups of an alternative that failed can keep a new start. 3.11 does so.

    fn start_possessive(&mut self, frame: Frame) -> Step {
        self.engine.position = frame.position;
        self.possessive_least(frame)
    }

    fn possessive_least(&mut self, mut frame: Frame) -> Step {
        let position = self.engine.position;
        if frame.count < self.word(frame.pc + 1)? as usize {
            return self.call(frame, frame.pc + 3, position, false);
        }
        frame.kind = Kind::PossessiveMore;
        frame.last_position = UNSET;
        self.possessive_more(frame)
    }

    fn after_possessive_least(&mut self, mut frame: Frame, matched: bool) -> Step {
        if matched {
            frame.count += 1;
            return self.possessive_least(frame);
        }
        self.engine.position = frame.position;
        Ok(Next::Done(false))
    }

    fn possessive_more(&mut self, mut frame: Frame) -> Step {
        let position = self.engine.position;
        let most = self.word(frame.pc + 2)?;
        let more = most == MAXREPEAT || frame.count < most as usize;
        if !more || position == frame.last_position {
            return self.end_possessive(frame, position);
        }
        self.save_marks(&mut frame)?;
        frame.last_position = position;
        self.call(frame, frame.pc + 3, position, false)
    }

    fn after_possessive_more(&mut self, mut frame: Frame, matched: bool) -> Step {
        if matched {
            self.discard_marks(&mut frame);
            frame.count += 1;
            return self.possessive_more(frame);
        }
        self.restore_marks(&frame);
        self.discard_marks(&mut frame);
        // The failed round counts for nothing: the tail starts where the last good round ended.
        self.end_possessive(frame, frame.last_position)
    }

    fn end_possessive(&self, frame: Frame, position: usize) -> Step {
        let pc = self.skip(frame.pc)? + 1;
        Ok(Next::Continue {
            pc,
            position,
            top_level: frame.top_level,
        })
    }
}

fn is_one_character(operator: u32) -> bool {
    matches!(
        operator,
        op::LITERAL
            | op::NOT_LITERAL
            | op::IN
            | op::ANY
            | op::ANY_ALL
            | op::CATEGORY
            | op::LITERAL_IGNORE
            | op::LITERAL_UNI_IGNORE
            | op::LITERAL_LOC_IGNORE
            | op::NOT_LITERAL_IGNORE
            | op::NOT_LITERAL_UNI_IGNORE
            | op::NOT_LITERAL_LOC_IGNORE
            | op::IN_IGNORE
            | op::IN_UNI_IGNORE
            | op::IN_LOC_IGNORE
    )
}
