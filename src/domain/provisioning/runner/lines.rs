//! What of a line is kept. Pure.

/// How long a kept line is at most, in characters.
const LINE_MAX: usize = 2000;

/// The text without colours, cursor movements and control characters, cut to size.
pub fn plain(text: &str) -> String {
    let mut kept = String::new();
    let mut count = 0;
    let mut rest = text.trim_end().chars().peekable();
    while let Some(c) = rest.next() {
        let c = match c {
            '\u{1b}' => {
                skip_escape(&mut rest);
                continue;
            }
            // The second form of the same introducer.
            '\u{9b}' => {
                skip_sequence(&mut rest);
                continue;
            }
            '\t' => ' ',
            c if c.is_control() || is_invisible(c) => continue,
            c => c,
        };
        count += 1;
        if count > LINE_MAX {
            kept.pop();
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}

/// What turns the direction of what follows, or cannot be seen, may make a line lie.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// After an escape character: a sequence, a string for the terminal, or one more character.
fn skip_escape(rest: &mut Rest<'_>) {
    match rest.next() {
        Some('[') => skip_sequence(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        // Choosing a character set takes one character more.
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => drop(rest.next()),
        _ => {}
    }
}

/// Up to the final letter, in `@` to `~`.
fn skip_sequence(rest: &mut Rest<'_>) {
    while let Some(c) = rest.peek() {
        if !matches!(c, ' '..='~') {
            return;
        }
        let last = matches!(c, '@'..='~');
        rest.next();
        if last {
            return;
        }
    }
}

/// Up to the bell, or the terminator `ESC \`.
fn skip_string(rest: &mut Rest<'_>) {
    while let Some(c) = rest.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_and_movements_are_taken_out() {
        for (text, kept) in [
            ("plain", "plain"),
            ("\u{1b}[1;32mgreen\u{1b}[0m text\r\n", "green text"),
            ("\u{1b}]0;a title\u{7}shown", "shown"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}(Bascii", "ascii"),
            ("a\tb\u{0}c\u{8}d", "a bcd"),
            ("\u{202e}txt.exe", "txt.exe"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("Привіт 🌍", "Привіт 🌍"),
        ] {
            assert_eq!(plain(text), kept, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_cut() {
        let kept = plain(&"x".repeat(100_000));
        assert_eq!(kept.chars().count(), LINE_MAX);
        assert!(kept.ends_with("x…"));
    }

    proptest! {
        #[test]
        fn nothing_that_controls_a_terminal_is_left(text in "\\PC*|[\\x00-\\xff]*|(\\x1b[\\x20-\\x7e]{0,3})*") {
            let kept = plain(&text);
            prop_assert!(!kept.chars().any(char::is_control), "{kept:?}");
            prop_assert!(kept.chars().count() <= LINE_MAX);
            prop_assert_eq!(plain(&kept), kept.trim_end());
        }
    }
}
