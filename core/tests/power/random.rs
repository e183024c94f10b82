//! Numbers that a seed repeats.

/// Repeatable numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// A string in JSON, or a digit; or nothing, which the doctor does not take for a message.
    pub(crate) fn body(&mut self, most: u64) -> Vec<u8> {
        let len = self.below(most);
        let mut body: Vec<u8> = (0..len)
            .map(|_| b'a' + (self.below(256) % 26) as u8)
            .collect();
        match &mut body[..] {
            [] => {}
            [one] => *one = b'7',
            [first, .., last] => (*first, *last) = (b'"', b'"'),
        }
        body
    }
}
