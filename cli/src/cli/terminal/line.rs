//! A line of text being edited: what keys do to it, and which part of it fits the screen. Pure.

use super::keys::Key;
use unicode_width::UnicodeWidthChar;

/// How many older lines can be taken up again.
const REMEMBERED: usize = 100;

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// The line may look different.
    Changed,
    /// The line is done; the next one is empty.
    Line(String),
    /// Nothing more will be typed.
    End,
}

/// The line.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: Vec<char>,
    cursor: usize,
    /// The first character on the screen, when not all of them fit.
    first: usize,
    /// Older lines, the oldest first, and which of them is shown; their count stands for the new one.
    older: Vec<Vec<char>>,
    shown: usize,
    /// The new line, while an older one is shown.
    new: Vec<char>,
}

/// Columns a character takes. Control characters are shown as one blank.
fn width(char: char) -> usize {
    char.width().unwrap_or(1)
}

impl Line {
    /// Does what a key asks for.
    pub(super) fn press(&mut self, key: Key) -> Typed {
        match key {
            Key::Char(char) => {
                self.text.insert(self.cursor, char);
                self.cursor += 1;
            }
            Key::Enter => return Typed::Line(self.take()),
            Key::EndOfInput if self.text.is_empty() => return Typed::End,
            Key::Delete | Key::EndOfInput => self.cut(self.cursor, self.right()),
            Key::Backspace => self.cut(self.cursor.saturating_sub(1), self.cursor),
            Key::CutToStart => self.cut(0, self.cursor),
            Key::CutToEnd => self.cut(self.cursor, self.text.len()),
            Key::CutWord => self.cut(self.word_left(), self.cursor),
            Key::Left => self.cursor = self.left(),
            Key::Right => self.cursor = self.right(),
            Key::WordLeft => self.cursor = self.word_left(),
            Key::WordRight => self.cursor = self.word_right(),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::Up if self.shown > 0 => self.show(self.shown - 1),
            Key::Down if self.shown < self.older.len() => self.show(self.shown + 1),
            Key::Up | Key::Down | Key::Redraw => {}
        }
        Typed::Changed
    }

    /// What of the line is on the screen when it has so many columns (one at least), and the column of the cursor.
    pub(super) fn visible(&mut self, columns: usize) -> (String, usize) {
        // The cursor needs a column of its own behind the last character.
        let room = columns.saturating_sub(1);
        self.first = self.first.min(self.cursor);
        let mut before: usize = self.text[self.first..self.cursor]
            .iter()
            .map(|char| width(*char))
            .sum();
        while before > room {
            before -= width(self.text[self.first]);
            self.first += 1;
        }
        let mut used = 0;
        let shown = self.text[self.first..].iter().take_while(|char| {
            used += width(**char);
            used <= room
        });
        let shown = shown.map(|char| if char.is_control() { ' ' } else { *char });
        (shown.collect(), before)
    }

    /// Takes up a line that was done, in place of what there is.
    pub(super) fn put_back(&mut self, line: &str) {
        self.text = line.chars().collect();
        (self.cursor, self.first, self.shown) = (self.text.len(), 0, self.older.len());
    }

    fn take(&mut self) -> String {
        let line: String = self.text.iter().collect();
        let text = std::mem::take(&mut self.text);
        if !line.trim().is_empty() && self.older.last() != Some(&text) {
            if self.older.len() == REMEMBERED {
                self.older.remove(0);
            }
            self.older.push(text);
        }
        (self.cursor, self.first, self.shown) = (0, 0, self.older.len());
        self.new.clear();
        line
    }

    /// Shows an older line, or the new one again.
    fn show(&mut self, index: usize) {
        if self.shown == self.older.len() {
            self.new = std::mem::take(&mut self.text);
        }
        self.text = match self.older.get(index) {
            Some(older) => older.clone(),
            None => std::mem::take(&mut self.new),
        };
        (self.shown, self.cursor, self.first) = (index, self.text.len(), 0);
    }

    fn cut(&mut self, start: usize, end: usize) {
        self.text.drain(start..end);
        self.cursor = start;
    }

    /// One character to the left; those without a width of their own belong to the one before them.
    fn left(&self) -> usize {
        let mut at = self.cursor.saturating_sub(1);
        while at > 0 && width(self.text[at]) == 0 {
            at -= 1;
        }
        at
    }

    fn right(&self) -> usize {
        let mut at = (self.cursor + 1).min(self.text.len());
        while at < self.text.len() && width(self.text[at]) == 0 {
            at += 1;
        }
        at
    }

    fn word_left(&self) -> usize {
        let before = &self.text[..self.cursor];
        let word = before.iter().rposition(|char| char.is_alphanumeric());
        let gap = word.and_then(|end| {
            before[..end]
                .iter()
                .rposition(|char| !char.is_alphanumeric())
        });
        gap.map_or(0, |gap| gap + 1)
    }

    fn word_right(&self) -> usize {
        let after = &self.text[self.cursor..];
        let word = after.iter().position(|char| char.is_alphanumeric());
        let end = word.and_then(|start| {
            let rest = &after[start..];
            let length = rest.iter().position(|char| !char.is_alphanumeric());
            length.map(|length| start + length)
        });
        end.map_or(self.text.len(), |end| self.cursor + end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &mut Line, text: &str) {
        for char in text.chars() {
            line.press(Key::Char(char));
        }
    }

    /// Types a text, presses keys, and gives the line.
    fn edited(text: &str, keys: &[Key]) -> String {
        let mut line = Line::default();
        typed(&mut line, text);
        for key in keys {
            line.press(*key);
        }
        match line.press(Key::Enter) {
            Typed::Line(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_edit() {
        use Key::*;
        let cases: [(&str, &[Key], &str); 10] = [
            ("helo", &[Left, Char('l')], "hello"),
            ("abc", &[Home, Delete, End, Char('d')], "bcd"),
            ("abc", &[Backspace, Backspace], "a"),
            ("", &[Backspace, Left, Right, Delete, Up, Down], ""),
            ("one two  three", &[CutWord], "one two  "),
            ("one two  three", &[WordLeft, CutWord], "one three"),
            ("one two", &[Home, WordRight, CutToEnd], "one"),
            ("one two", &[WordLeft, CutToStart], "two"),
            ("ab", &[Left, EndOfInput], "a"),
            // The accent is a character of its own, and goes with its letter.
            ("xe\u{301}y", &[Left, Left, Delete], "xy"),
        ];
        for (text, keys, expected) in cases {
            assert_eq!(edited(text, keys), expected, "{text:?} {keys:?}");
        }
    }

    #[test]
    fn the_end_of_input_needs_an_empty_line() {
        let mut line = Line::default();
        typed(&mut line, "x");
        assert_eq!(line.press(Key::EndOfInput), Typed::Changed);
        line.press(Key::Backspace);
        assert_eq!(line.press(Key::EndOfInput), Typed::End);
    }

    #[test]
    fn older_lines_come_back() {
        let mut line = Line::default();
        for text in ["first", "second", "second", " "] {
            typed(&mut line, text);
            line.press(Key::Enter);
        }
        typed(&mut line, "new");
        let mut shown = |key| {
            line.press(key);
            line.visible(80).0
        };
        assert_eq!(shown(Key::Up), "second", "no blank and no repeated one");
        assert_eq!(shown(Key::Up), "first");
        assert_eq!(shown(Key::Up), "first");
        assert_eq!(shown(Key::Down), "second");
        assert_eq!(shown(Key::Down), "new");
        assert_eq!(shown(Key::Down), "new");
    }

    #[test]
    fn what_does_not_fit_is_scrolled_away() {
        let mut line = Line::default();
        typed(&mut line, "abcdef");
        assert_eq!(line.visible(10), ("abcdef".into(), 6));
        assert_eq!(line.visible(4), ("def".into(), 3));
        line.press(Key::Home);
        assert_eq!(line.visible(4), ("abc".into(), 0));
        line.press(Key::End);
        typed(&mut line, "漢字");
        assert_eq!(line.visible(6), ("f漢字".into(), 5));
        assert_eq!(line.visible(5), ("漢字".into(), 4));
        assert_eq!(line.visible(1), ("".into(), 0));
        assert_eq!(line.visible(0), ("".into(), 0));
    }
}
