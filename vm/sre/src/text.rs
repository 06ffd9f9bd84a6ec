//! The units a text is made of.

/// A unit of text: a byte, or a code point stored in one, two or four bytes.
pub trait Unit: Copy {
    /// The code point.
    fn point(self) -> u32;
}

impl Unit for u8 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
}

impl Unit for u16 {
    #[inline]
    fn point(self) -> u32 {
        u32::from(self)
    }
}

impl Unit for u32 {
    #[inline]
    fn point(self) -> u32 {
        self
    }
}
