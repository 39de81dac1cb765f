//! A look at the text before it is parsed: how many tokens, how deeply bracketed. Stops documents
//! that would cost the parser its time or its stack. Knows nothing of grammar or schema.

/// Most tokens in a document; the standard introspection query has about 250.
const MAX_TOKENS: usize = 5_000;
/// Deepest brackets of any kind; the parser itself gives up at 64 selection sets, less kindly.
const MAX_BRACKETS: usize = 64;

/// What is too much about the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// More than 5000 tokens.
    Tokens,
    /// Brackets nested deeper than 64.
    Brackets,
}

/// What was seen of a text that may be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// How many tokens it has.
    pub tokens: usize,
    /// Whether it holds texts in quotes.
    pub texts: bool,
}

/// Refuses what is too long or too nested to be parsed.
pub fn scan(text: &str) -> Result<Scanned, Excess> {
    let mut rest = text.as_bytes();
    let (mut tokens, mut open, mut texts) = (0_usize, 0_usize, false);
    while let [byte, tail @ ..] = rest {
        rest = match byte {
            b'#' => skip_while(tail, |b| b != b'\n' && b != b'\r'),
            b' ' | b'\t' | b'\n' | b'\r' | b',' => tail,
            _ => {
                tokens += 1;
                match byte {
                    b'{' | b'[' | b'(' => open += 1,
                    b'}' | b']' | b')' => open = open.saturating_sub(1),
                    _ => {}
                }
                match byte {
                    b'"' => {
                        texts = true;
                        skip_string(tail)
                    }
                    b if is_word(*b) => skip_while(tail, is_word),
                    _ => tail,
                }
            }
        };
        if tokens > MAX_TOKENS {
            return Err(Excess::Tokens);
        }
        if open > MAX_BRACKETS {
            return Err(Excess::Brackets);
        }
    }
    Ok(Scanned { tokens, texts })
}

/// What follows a string whose opening quote was read.
fn skip_string(text: &[u8]) -> &[u8] {
    if let [b'"', b'"', block @ ..] = text {
        return skip_block(block);
    }
    let mut rest = text;
    loop {
        rest = match rest {
            [b'"' | b'\n' | b'\r', tail @ ..] => return tail,
            [b'\\', _, tail @ ..] | [_, tail @ ..] => tail,
            [] => return rest,
        }
    }
}

/// What follows a block string whose opening quotes were read.
fn skip_block(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [b'"', b'"', b'"', tail @ ..] => return tail,
            [b'\\', b'"', b'"', b'"', tail @ ..] | [_, tail @ ..] => tail,
            [] => return rest,
        }
    }
}

fn skip_while(text: &[u8], skip: impl Fn(u8) -> bool) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !skip(*byte))
        .unwrap_or(text.len());
    &text[end..]
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_documents_pass() {
        let text = "query A($a: Int = -1) { b(c: $a) @include(if: true) { ...D } } # {";
        let seen = Scanned {
            tokens: 29,
            texts: false,
        };
        assert_eq!(scan(text), Ok(seen));
    }

    #[test]
    fn strings_and_comments_are_not_brackets() {
        let brackets = "{".repeat(MAX_BRACKETS * 2);
        let seen = |text: &str| scan(text).map(|seen| seen.texts);
        let line = format!("# {brackets}\n{{ a(b: \"{brackets} \\\" {brackets}\") }}");
        assert_eq!(seen(&line), Ok(true));
        let block = format!("{{ a(b: \"\"\"{brackets} \\\"\"\" \" {brackets}\"\"\") }}");
        assert_eq!(seen(&block), Ok(true));
    }

    #[test]
    fn excess_is_refused() {
        assert_eq!(scan(&"{a".repeat(MAX_BRACKETS + 1)), Err(Excess::Brackets));
        assert_eq!(scan(&"[".repeat(1 << 20)), Err(Excess::Brackets));
        assert_eq!(scan(&"a ".repeat(MAX_TOKENS + 1)), Err(Excess::Tokens));
    }
}
