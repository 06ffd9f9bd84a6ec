//! The stack of an unpickler: objects, and the marks that fence off what an opcode may take.

use crate::prelude::*;

/// `Pdata` and the marks beside it.
#[derive(Default)]
pub struct Stack {
    objects: Vec<Own>,
    fence: usize,
    mark_set: bool,
}

/// The heights at which the marks lie.
#[derive(Default)]
pub struct Marks(Vec<usize>);

impl UnpicklerObject {
    fn stack<R>(&self, act: impl FnOnce(&mut Stack) -> R) -> R {
        self.stack.with(|stack| act(stack.get_or_insert_default()))
    }

    /// Empties stack and marks for a new pickle.
    pub fn reset_stack(&self) {
        self.num_marks.set(0);
        self.marks.with(|marks| {
            if let Some(marks) = marks {
                marks.0.clear();
            }
        });
        let old = self.stack(std::mem::take);
        drop(old);
    }

    /// How many objects lie on the stack.
    pub fn height(&self) -> usize {
        self.stack(|stack| stack.objects.len())
    }

    /// The height of the innermost mark.
    pub fn fence(&self) -> usize {
        self.stack(|stack| stack.fence)
    }

    /// The exception of an opcode that reaches below a mark or below the stack.
    #[cold]
    pub fn underflow(&self) -> Raised {
        unpickling_error(if self.stack(|stack| stack.mark_set) {
            "unexpected MARK found"
        } else {
            "unpickling stack underflow"
        })
    }

    pub fn push(&self, object: Own) {
        self.stack(|stack| stack.objects.push(object));
    }

    pub fn pop(&self) -> PyResult {
        self.stack(|stack| {
            if stack.objects.len() <= stack.fence {
                return None;
            }
            stack.objects.pop()
        })
        .ok_or_else(|| self.underflow())
    }

    /// The topmost object, which stays.
    pub fn top(&self) -> PyResult {
        self.stack(|stack| {
            if stack.objects.len() <= stack.fence {
                return None;
            }
            stack.objects.last().cloned()
        })
        .ok_or_else(|| self.underflow())
    }

    /// The object at a height, whatever the marks say.
    pub fn at(&self, height: usize) -> Option<Own> {
        self.stack(|stack| stack.objects.get(height).cloned())
    }

    /// Replaces the topmost object.
    pub fn replace_top(&self, object: Own) {
        let old = self.stack(|stack| {
            let top = stack.objects.last_mut()?;
            Some(std::mem::replace(top, object))
        });
        drop(old);
    }

    /// Takes everything from a height on.
    pub fn take_from(&self, height: usize) -> Vec<Own> {
        self.stack(|stack| {
            let height = height.min(stack.objects.len());
            stack.objects.split_off(height)
        })
    }

    /// Takes everything from a height on, unless a mark lies above it, as a tuple.
    pub fn take_tuple(&self, height: usize) -> PyResult<Own<PyTupleObject>> {
        if height < self.fence() {
            return Err(self.underflow());
        }
        tuple::from_vec(self.take_from(height))
    }

    /// Sets a mark.
    pub fn set_mark(&self) {
        let height = self.height();
        let count = self.num_marks.get();
        if count >= self.marks_size.get() {
            self.marks_size.set((count << 1) + 20);
        }
        self.num_marks.set(count + 1);
        self.marks
            .with(|marks| marks.get_or_insert_default().0.push(height));
        self.stack(|stack| {
            stack.mark_set = true;
            stack.fence = height;
        });
    }

    /// Takes the innermost mark away and tells its height.
    fn drop_mark(&self) -> Option<usize> {
        let (dropped, below) = self.marks.with(|marks| {
            let marks = marks.as_mut()?;
            Some((marks.0.pop()?, marks.0.last().copied()))
        })?;
        self.num_marks.set(self.num_marks.get() - 1);
        self.stack(|stack| {
            stack.mark_set = below.is_some();
            stack.fence = below.unwrap_or(0);
        });
        Some(dropped)
    }

    /// The height of the innermost mark, which is used up.
    pub fn take_mark(&self) -> PyResult<usize> {
        self.drop_mark()
            .ok_or_else(|| unpickling_error("could not find MARK"))
    }

    /// POP: takes a mark that lies on top, or the topmost object.
    pub fn pop_mark_or_object(&self) -> PyResult<()> {
        let height = self.height();
        let top = self
            .marks
            .with(|marks| marks.as_ref().and_then(|marks| marks.0.last().copied()));
        if top == Some(height) {
            self.drop_mark();
            return Ok(());
        }
        self.pop().map(drop)
    }
}
