//! Settings of what one client may ask for. How often each thing may be done stands in
//! `domain/throttle/table.rs`; here is what all of it is multiplied by.

use clap::{Args, value_parser};

/// Beyond these a number is a slip, not a wish.
const SCALES: std::ops::RangeInclusive<f64> = 0.000_1..=1_000_000.0;

/// What a person wrote about limits.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitsSettings {
    /// What every rate limit is multiplied by, e.g. 0.5 or 10; for tests and load runs (the limits
    /// themselves stand in `docs/RATE_LIMITS.md`).
    #[arg(long, env = "RATE_LIMIT_SCALE", global = true, value_name = "FACTOR")]
    #[arg(default_value = "1", value_parser = scale)]
    pub rate_limit_scale: f64,

    /// How many requests of any kind one client (an IPv4 address or an IPv6 network of 64 bits) may
    /// send per minute, at once or spread, before it is answered with 429. Health and metrics do not
    /// count. `RATE_LIMIT_SCALE` multiplies it.
    #[arg(
        long,
        env = "CLIENT_REQUESTS_PER_MINUTE",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 12_000, value_parser = value_parser!(u32).range(60..))]
    pub client_requests_per_minute: u32,
}

/// What one client may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What every rate limit is multiplied by (ruling 35).
    pub scale: Scale,
    /// How many requests of any kind one client may send per minute, before that factor.
    pub client_requests_per_minute: u32,
}

impl LimitsSettings {
    /// Completes.
    pub(super) fn resolve(self) -> Limits {
        Limits {
            scale: Scale(self.rate_limit_scale),
            client_requests_per_minute: self.client_requests_per_minute,
        }
    }
}

/// A positive factor of limits.
#[derive(Clone, Copy, Debug)]
pub struct Scale(f64);

impl Scale {
    /// The smallest there is: every limit becomes one.
    pub const SMALLEST: Self = Self(*SCALES.start());
    /// As the table says.
    pub const ONE: Self = Self(1.0);
    /// The largest there is.
    pub const LARGEST: Self = Self(*SCALES.end());

    /// A limit multiplied; never less than one, because a limit of none is a closed door.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded and clamped to what fits"
    )]
    pub fn of(self, limit: u32) -> u32 {
        (f64::from(limit) * self.0)
            .round()
            .clamp(1.0, f64::from(u32::MAX)) as u32
    }
}

fn scale(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        // A NaN is in no range.
        Ok(scale) if SCALES.contains(&scale) => Ok(scale),
        _ => Err(format!(
            "must be a number from {} to {}; limits cannot be switched off",
            SCALES.start(),
            SCALES.end()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_a_positive_decimal() {
        for (text, limit) in [("1", 10), ("0.5", 5), (" 2.5 ", 25), ("0.0001", 1)] {
            assert_eq!(Scale(scale(text).unwrap()).of(10), limit, "{text}");
        }
        for text in [
            "0", "-1", "-0", "NaN", "inf", "1e7", "1e-9", "", "ten", "1,5",
        ] {
            assert!(scale(text).is_err(), "{text}");
        }
    }

    #[test]
    fn no_limit_overflows_or_vanishes() {
        assert_eq!(Scale(*SCALES.end()).of(u32::MAX), u32::MAX);
        assert_eq!(Scale::SMALLEST.of(1_000), 1);
        assert_eq!(Scale::ONE.of(7), 7);
    }
}
