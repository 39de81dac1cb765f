//! Money: minor units inside, exact decimals at the edges, binary floating point nowhere.

/// How many decimal places a currency has (ISO 4217).
pub fn exponent(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// An amount in minor units as a decimal number with the currency's places, e.g. `99.00`.
pub fn decimal(minor: i64, currency: &str) -> String {
    let exponent = exponent(currency);
    let unit = 10_u64.pow(exponent);
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, part) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    if exponent == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part:0width$}", width = exponent as usize)
    }
}

/// The minor units of a decimal number that is not negative; `None` when it is no such number, has
/// more places than the currency, or is too large.
pub fn minor_units(decimal: &str, currency: &str) -> Option<i64> {
    let places = exponent(currency) as usize;
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > places {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_written_exactly() {
        assert_eq!(decimal(9_900, "USD"), "99.00");
        assert_eq!(decimal(10, "USD"), "0.10");
        assert_eq!(decimal(-5, "EUR"), "-0.05");
        assert_eq!(decimal(1_000, "JPY"), "1000");
        assert_eq!(decimal(1_234, "KWD"), "1.234");
        assert_eq!(decimal(i64::MIN, "USD"), "-92233720368547758.08");
    }

    #[test]
    fn nonsense_is_no_amount() {
        for text in ["", ".", "-1", "1.234", "1e3", "1,5", "99999999999999999999"] {
            assert_eq!(minor_units(text, "USD"), None, "{text}");
        }
        assert_eq!(minor_units("99.5", "USD"), Some(9_950));
        assert_eq!(minor_units("1.0", "JPY"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(minor in 0..i64::MAX, currency in "USD|JPY|KWD") {
            prop_assert_eq!(minor_units(&decimal(minor, &currency), &currency), Some(minor));
        }
    }
}
