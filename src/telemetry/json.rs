//! Log lines as JSON objects. What is known of the request or task that a line belongs to stands
//! beside its own fields, under the same names in every line.
//!
//! The library's own format keeps the fields of a span as text, which it parses again for each field
//! that is added and for each line: more work than answering a small request.

use std::{fmt, io::Write};

use serde::{Serialize, Serializer};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    fmt::{
        MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::Context,
    registry::LookupSpan,
};

/// Writes each event as one line, with one call.
pub struct JsonLines<W>(pub W);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let mut fields = Encode(Known::default());
        attributes.record(&mut fields);
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        if let Some(span) = ctx.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Encode<Known>>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let metadata = event.metadata();
        let mut line = Object::new();
        line.put("timestamp", &Now);
        line.put("level", metadata.level().as_str());
        let mut fields = Encode(line);
        event.record(&mut fields);
        let Encode(mut line) = fields;
        line.put("target", metadata.target());
        let mut told: Vec<&str> = metadata.fields().iter().map(|field| field.name()).collect();
        for span in ctx.event_scope(event).into_iter().flatten() {
            let extensions = span.extensions();
            let known = extensions.get::<Encode<Known>>();
            for (name, value) in known.iter().flat_map(|known| &known.0.0) {
                // The line knows best, then the span nearest to it.
                if !told.contains(name) {
                    told.push(name);
                    line.put_encoded(name, value);
                }
            }
        }
        // There is nobody to tell that the log cannot be written.
        let _ = self.0.make_writer_for(metadata).write_all(&line.finish());
    }
}

/// Takes up fields.
trait Fields {
    fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T);
}

/// A line under way.
struct Object(Vec<u8>);

impl Object {
    fn new() -> Self {
        let mut text = Vec::with_capacity(512);
        text.push(b'{');
        Self(text)
    }

    fn put_encoded(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.0.extend_from_slice(value);
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        encode(&mut self.0, name);
        self.0.push(b':');
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }
}

impl Fields for Object {
    fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        self.name(name);
        encode(&mut self.0, value);
    }
}

/// The fields of a span, encoded.
#[derive(Default)]
struct Known(Vec<(&'static str, Vec<u8>)>);

impl Fields for Known {
    fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) {
        let mut encoded = Vec::new();
        encode(&mut encoded, value);
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = encoded,
            None => self.0.push((name, encoded)),
        }
    }
}

/// A value that cannot be encoded is null: a line must stay an object.
fn encode<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) {
    let start = text.len();
    if serde_json::to_writer(&mut *text, value).is_err() {
        text.truncate(start);
        text.extend_from_slice(b"null");
    }
}

/// Encodes fields as they are visited.
struct Encode<F>(F);

impl<F: Fields> Visit for Encode<F> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.put(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.put(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.put(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.put(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.put(field.name(), &Text(format_args!("{value:?}")));
    }
}

/// What is shown as text.
struct Text<'a>(fmt::Arguments<'a>);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The machine's time, whatever the application's clock says.
struct Now;

impl Serialize for Now {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SystemTime.format_time(&mut Writer::new(f))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::{Value, json};
    use tracing::{field, info, info_span};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("unpoisoned").write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(happens: impl FnOnce()) -> Vec<Value> {
        let paper = Paper::default();
        let written = paper.clone();
        let layer = JsonLines(move || paper.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), happens);
        let text = String::from_utf8(written.0.lock().expect("unpoisoned").clone());
        let text = text.expect("UTF-8");
        let parse = |line: &str| {
            let mut line: Value = serde_json::from_str(line).expect("a JSON object");
            let at = line["timestamp"].take();
            assert!(at.as_str().is_some_and(|at| at.ends_with('Z')), "{at}");
            line
        };
        text.lines().map(parse).collect()
    }

    #[test]
    fn a_line_holds_what_its_spans_know() {
        let lines = lines(|| {
            let request = info_span!("request", request.id = "r-1", user.id = field::Empty, n = 1);
            let _entered = request.enter();
            info!("before");
            request.record("user.id", field::display("u-1"));
            request.record("user.id", field::display("u-2"));
            let _inner = info_span!("inner", n = 2).entered();
            info!(request.id = "own", "after");
        });
        let target = module_path!();
        let first = json!({"timestamp": null, "level": "INFO", "message": "before",
            "target": target, "request.id": "r-1", "n": 1});
        let second = json!({"timestamp": null, "level": "INFO", "message": "after",
            "target": target, "request.id": "own", "n": 2, "user.id": "u-2"});
        assert_eq!(lines, [first, second]);
    }

    #[test]
    fn whatever_is_said_stays_one_line() {
        let lines = lines(|| {
            let nothing: Option<u8> = None;
            info!(
                quote = "\"\n\\",
                ratio = f64::NAN,
                nothing,
                on = true,
                "two\nlines: {}",
                1
            );
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["quote"], "\"\n\\");
        assert_eq!(lines[0]["message"], "two\nlines: 1");
        assert_eq!(
            (&lines[0]["ratio"], &lines[0]["on"]),
            (&Value::Null, &json!(true))
        );
        assert!(lines[0].get("nothing").is_none());
    }
}
