//! How moments are written, at both doors. Digit by digit: by way of formatting it was a twelfth of the
//! work of a list.

use chrono::{Datelike, SecondsFormat, Timelike};
use entity::Timestamp;

/// RFC 3339 in UTC with suffix `Z`: microseconds, or none at all when they are zero.
pub fn write(at: Timestamp) -> String {
    let (date, time) = (at.date_naive(), at.time());
    // A leap second counts as the one before it.
    let micros = time.nanosecond() / 1_000 % 1_000_000;
    let Some(year) = u32::try_from(date.year())
        .ok()
        .filter(|year| *year < 10_000)
    else {
        // Nothing here is so old or so far away.
        return at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    };
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let parts = [
        (0..4, year),
        (5..7, date.month()),
        (8..10, date.day()),
        (11..13, time.hour()),
        (14..16, time.minute()),
        (17..19, time.second()),
        (20..26, micros),
    ];
    for (place, number) in parts {
        write_number(&mut text[place], number);
    }
    let mut end = text.len();
    if micros == 0 {
        text[19] = b'Z';
        end = 20;
    }
    String::from_utf8_lossy(&text[..end]).into_owned()
}

fn write_number(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn the_fraction_is_left_out_when_zero() {
        let written = |text: &str| write(text.parse().expect("a time"));
        assert_eq!(written("2026-01-09T12:00:00Z"), "2026-01-09T12:00:00Z");
        assert_eq!(
            written("2026-01-09T12:00:00.000000999Z"),
            "2026-01-09T12:00:00Z"
        );
        assert_eq!(
            written("2026-01-09T14:00:00.1+02:00"),
            "2026-01-09T12:00:00.100000Z"
        );
    }

    proptest::proptest! {
        /// Whatever has microseconds reads as it is written elsewhere.
        #[test]
        fn it_is_what_others_write(seconds in -62_167_219_200i64..253_402_300_800, micros in 1u32..1_000_000) {
            let at = DateTime::from_timestamp(seconds, micros * 1_000).expect("a time");
            proptest::prop_assert_eq!(write(at), at.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }
}
