//! Cuts a stream into lines, in bounded memory and without ever waiting for whoever hears them.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// How much of a line is kept; the rest of it is skipped.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// Says each line, and whether it was cut. Ends with the stream, or when that breaks.
pub(super) async fn each(stream: impl AsyncRead + Unpin, mut hear: impl FnMut(&[u8], bool)) {
    let mut reader = BufReader::with_capacity(MAX_LINE, stream);
    let mut line = Vec::new();
    let mut cut = false;
    loop {
        let chunk = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(chunk) => chunk,
        };
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = MAX_LINE - line.len();
        cut |= part.len() > room;
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = part.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            hear(&line, cut);
            line.clear();
            cut = false;
        }
    }
    if !line.is_empty() {
        hear(&line, cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn heard(text: &[u8]) -> Vec<(usize, bool)> {
        let mut heard = Vec::new();
        each(text, |line, cut| heard.push((line.len(), cut))).await;
        heard
    }

    #[tokio::test]
    async fn lines_are_cut_and_none_is_lost() {
        assert_eq!(heard(b"").await, []);
        assert_eq!(
            heard(b"a\n\nbc").await,
            [(1, false), (0, false), (2, false)]
        );
        let mut text = vec![b'x'; MAX_LINE];
        assert_eq!(heard(&text).await, [(MAX_LINE, false)]);
        text.extend([b'x'; 100]);
        text.extend(b"\nabc\n");
        assert_eq!(heard(&text).await, [(MAX_LINE, true), (3, false)]);
    }
}
