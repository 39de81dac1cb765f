//! Writes what is told once for all sockets that hear it.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::value::RawValue;

use super::payload;
use crate::domain::realtime::{Cursor, Heard};

/// How many of the latest events are kept as they were written.
const KEPT: usize = 32;

/// What was written last.
#[derive(Debug, Default)]
pub struct Press(Mutex<VecDeque<(Arc<Heard>, Arc<Print>)>>);

/// Something that is told, as it goes over the wire.
#[derive(Debug)]
pub struct Print {
    /// A JSON object that lacks its cursor and its closing brace.
    open: String,
    /// The whole object, for those who hear only the stream that tells it.
    alone: Box<RawValue>,
    /// The same for one who was at this place, where others are, too.
    last: Mutex<Option<(Cursor, Arc<RawValue>)>>,
}

impl Press {
    /// Something that is told, written now or before; nothing where nobody is told.
    pub fn print(&self, heard: &Arc<Heard>) -> Result<Option<Arc<Print>>, serde_json::Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().rev().find(|(it, _)| Arc::ptr_eq(it, heard));
        if let Some((_, print)) = known {
            return Ok(Some(Arc::clone(print)));
        }
        // Whatever goes wrong with it would go wrong again for everybody who comes to it.
        let written = catch_unwind(AssertUnwindSafe(|| payload::write(heard)));
        let Ok(open) = written else {
            tracing::error!(stream = %heard.stream, heard.seq, "an event cannot be written; passed over");
            return Ok(None);
        };
        let Some(open) = open? else {
            return Ok(None);
        };
        let alone = close(&open, Cursor::of(heard.stream, heard.seq))?;
        let last = Mutex::default();
        let print = Arc::new(Print { open, alone, last });
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((Arc::clone(heard), Arc::clone(&print)));
        Ok(Some(print))
    }
}

impl Print {
    /// The event for one who hears only its stream.
    pub fn alone(&self) -> &RawValue {
        &self.alone
    }

    /// The event for one who hears several streams and is at this place.
    pub fn at(&self, place: Cursor) -> Result<Arc<RawValue>, serde_json::Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, whole)) = last.as_ref().filter(|(it, _)| *it == place) {
            return Ok(Arc::clone(whole));
        }
        let whole = Arc::from(close(&self.open, place)?);
        *last = Some((place, Arc::clone(&whole)));
        Ok(whole)
    }
}

fn close(open: &str, place: Cursor) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(format!("{open},\"cursor\":\"{place}\"}}"))
}
