//! A look at the text before it is parsed: how many tokens, how deeply bracketed. Stops documents
//! that would cost the parser its time or its stack. Knows nothing of the schema.
//!
//! What counts is what the parser makes of a text, and it needs fewer spaces than the specification:
//! `00` is two numbers to it, `truenull` two values, `queryA` two words. So a token ends here
//! wherever one may end there; a name may count for two, but two never for one.

/// Most tokens in a document; the standard introspection query has about 250.
const MAX_TOKENS: usize = 5_000;
/// Deepest brackets of any kind; the parser itself gives up at 64 selection sets, less kindly.
const MAX_BRACKETS: usize = 64;
/// Words that the parser takes for themselves, whatever letters follow.
const WORDS: [&str; 7] = [
    "true",
    "false",
    "null",
    "query",
    "mutation",
    "subscription",
    "fragment",
];

/// Why a text is not worth parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More than 5000 tokens.
    Tokens,
    /// Brackets nested deeper than 64.
    Brackets,
    /// A block string that does not end. The parser would read it as two texts instead, look for the
    /// end once for every such quote, and find brackets in what was a text here.
    Unclosed,
}

/// What was seen of a text that may be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Whether it holds texts in quotes.
    pub texts: bool,
}

/// Refuses what is too long, too nested or too broken to be parsed.
pub fn scan(text: &str) -> Result<Scanned, Fault> {
    let (mut open, mut texts) = (0_usize, false);
    for (before, token) in tokens(text).enumerate() {
        match token? {
            [b'{' | b'[' | b'(', ..] => open += 1,
            [b'}' | b']' | b')', ..] => open = open.saturating_sub(1),
            [b'"', ..] => texts = true,
            [..] => {}
        }
        if before >= MAX_TOKENS {
            return Err(Fault::Tokens);
        }
        if open > MAX_BRACKETS {
            return Err(Fault::Brackets);
        }
    }
    Ok(Scanned { texts })
}

/// The tokens of a text.
fn tokens(text: &str) -> Tokens<'_> {
    Tokens(text.as_bytes())
}

/// What of a text was not read yet.
struct Tokens<'a>(&'a [u8]);

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<&'a [u8], Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = skip_ignored(self.0);
        let first = text.first()?;
        let rest = match skip_token(*first, text) {
            Ok(rest) => rest,
            Err(fault) => return Some(Err(fault)),
        };
        self.0 = rest;
        Some(Ok(&text[..text.len() - rest.len()]))
    }
}

/// What follows spaces, commas, comments and marks of the byte order.
fn skip_ignored(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        rest = match rest {
            [b' ' | b'\t' | b'\n' | b'\r' | b',', tail @ ..] | [0xef, 0xbb, 0xbf, tail @ ..] => {
                tail
            }
            [b'#', tail @ ..] => skip_while(tail, |b| b != b'\n' && b != b'\r'),
            [..] => return rest,
        }
    }
}

/// What follows the token at the start.
fn skip_token(first: u8, text: &[u8]) -> Result<&[u8], Fault> {
    Ok(match (first, text) {
        (_, [b'.', b'.', b'.', tail @ ..]) => tail,
        (_, [b'"', b'"', b'"', tail @ ..]) => skip_block(tail)?,
        (b'"', [_, tail @ ..]) => skip_string(tail),
        (b'-' | b'0'..=b'9', _) => skip_number(text),
        (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => skip_name(text),
        // One letter, of however many bytes.
        (_, [_, tail @ ..]) => skip_while(tail, |b| matches!(b, 0x80..=0xbf)),
        (_, []) => text,
    })
}

/// What follows a string whose opening quote was read.
fn skip_string(text: &[u8]) -> &[u8] {
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
fn skip_block(text: &[u8]) -> Result<&[u8], Fault> {
    let mut rest = text;
    loop {
        rest = match rest {
            [b'"', b'"', b'"', tail @ ..] => return Ok(tail),
            [b'\\', b'"', b'"', b'"', tail @ ..] | [_, tail @ ..] => tail,
            [] => return Err(Fault::Unclosed),
        }
    }
}

/// What follows a number, or the sign of none.
fn skip_number(text: &[u8]) -> &[u8] {
    let rest = match text.strip_prefix(b"-").unwrap_or(text) {
        [b'0', tail @ ..] => tail,
        digits => skip_digits(digits),
    };
    let rest = match rest {
        [b'.', b'0'..=b'9', tail @ ..] => skip_digits(tail),
        [..] => rest,
    };
    match rest {
        [b'e' | b'E', b'+' | b'-', b'0'..=b'9', tail @ ..]
        | [b'e' | b'E', b'0'..=b'9', tail @ ..] => skip_digits(tail),
        [..] => rest,
    }
}

/// What follows a name, or the word that it begins with.
fn skip_name(text: &[u8]) -> &[u8] {
    let word = |word: &&str| text.strip_prefix(word.as_bytes());
    let after = WORDS.iter().find_map(word);
    after.unwrap_or_else(|| skip_while(text, |b| b.is_ascii_alphanumeric() || b == b'_'))
}

fn skip_digits(text: &[u8]) -> &[u8] {
    skip_while(text, |b| b.is_ascii_digit())
}

fn skip_while(text: &[u8], skip: impl Fn(u8) -> bool) -> &[u8] {
    let end = text
        .iter()
        .position(|byte| !skip(*byte))
        .unwrap_or(text.len());
    &text[end..]
}

#[cfg(test)]
mod tests;
