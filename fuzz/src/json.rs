//! JSON in: taken and refused as the twin does, and out again as it was meant.

use plasmite_core::json::Encoder;
use plasmite_core::message::envelope;

use crate::tally;

pub fn run(text: &[u8]) {
    let mut encoder = Encoder::new();
    if !crate::codec::compare(&mut encoder, text, "alone") {
        tally::refused();
    }
    // Behind another one: what the encoder remembers must not show. And within an array, where scalars come in otherwise.
    let array = [b"[", text, b"]"].concat();
    crate::codec::compare(&mut encoder, &array, "in an array");
    crate::codec::compare(&mut encoder, text, "again");
    let _ = envelope::split(text);
}
