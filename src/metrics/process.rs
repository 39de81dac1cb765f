//! What every program tells of itself, under the names that every dashboard knows. Read from
//! `/proc`; where there is none, only the start is told.

use std::{fmt, fs};

use entity::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use super::shelf::Family;

const START: Family = (
    "process_start_time_seconds",
    MetricType::Gauge,
    "When the process started, in seconds since 1970",
);
const CPU: Family = (
    "process_cpu_seconds",
    MetricType::Counter,
    "Processor time that the process has used",
);
const RESIDENT: Family = (
    "process_resident_memory_bytes",
    MetricType::Gauge,
    "Memory of the process that is in use",
);
const OPEN_FDS: Family = (
    "process_open_fds",
    MetricType::Gauge,
    "Files and connections that the process has open",
);
const MAX_FDS: Family = (
    "process_max_fds",
    MetricType::Gauge,
    "How many files and connections the process may open",
);

/// What is told.
pub const FAMILIES: &[Family] = &[START, CPU, RESIDENT, OPEN_FDS, MAX_FDS];

/// This process.
#[derive(Debug)]
pub struct Process {
    started_at: Timestamp,
}

impl Process {
    /// This one, which started at this time.
    pub fn started(started_at: Timestamp) -> Self {
        Self { started_at }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut tell = |(name, kind, help): Family, value: Option<f64>| match value {
            None => Ok(()),
            Some(value) => {
                // Written by us, so without the full stop that the registry adds.
                let place = encoder.encode_descriptor(name, help, None, kind)?;
                match kind {
                    MetricType::Counter => ConstCounter::new(value).encode(place),
                    _ => ConstGauge::new(value).encode(place),
                }
            }
        };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age fit")]
        let started = self.started_at.timestamp_millis() as f64 / 1000.0;
        tell(START, Some(started))?;
        tell(CPU, cpu_seconds())?;
        tell(RESIDENT, resident_bytes())?;
        tell(OPEN_FDS, open_fds())?;
        tell(MAX_FDS, max_fds())
    }
}

fn read(file: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/self/{file}")).ok()
}

/// User and system time are the 14th and 15th field; the second may hold blanks, in parentheses.
fn cpu_seconds() -> Option<f64> {
    let stat = read("stat")?;
    let fields = stat.rsplit_once(')')?.1;
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().ok())
        .sum::<Option<f64>>()?;
    Some(ticks / ticks_per_second())
}

#[cfg(unix)]
fn ticks_per_second() -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "it is a small number, mostly 100"
    )]
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    ticks
}

#[cfg(not(unix))]
fn ticks_per_second() -> f64 {
    100.0
}

fn resident_bytes() -> Option<f64> {
    let status = read("status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

fn open_fds() -> Option<f64> {
    // The one that reads the directory is not counted.
    let open = fs::read_dir("/proc/self/fd")
        .ok()?
        .count()
        .saturating_sub(1);
    u32::try_from(open).ok().map(f64::from)
}

fn max_fds() -> Option<f64> {
    let limits = read("limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn linux_tells_all_of_it() {
        assert!(cpu_seconds().is_some_and(|seconds| seconds >= 0.0));
        assert!(resident_bytes().is_some_and(|bytes| bytes > 100_000.0));
        assert!(open_fds().is_some_and(|fds| fds >= 3.0));
        assert!(max_fds().is_some_and(|fds| fds >= 3.0));
    }
}
