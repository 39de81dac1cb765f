//! Registers metrics and keeps what is said of each, so that the documentation is printed from the
//! same words that a scrape shows.

use prometheus_client::{
    collector::Collector,
    metrics::MetricType,
    registry::{Metric, Registry, Unit},
};

use super::PREFIX;

/// A metric as the documentation shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name as a query writes it.
    pub name: String,
    /// `counter`, `gauge`, `histogram` or `info`.
    pub kind: &'static str,
    /// The labels it is told apart by.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

/// A metric that a collector makes up: name, kind, what it says.
pub type Family = (&'static str, MetricType, &'static str);

/// Where new metrics are put.
pub struct Shelf<'a> {
    registry: &'a mut Registry,
    catalogue: &'a mut Vec<Described>,
}

impl<'a> Shelf<'a> {
    /// For this registry.
    pub fn new(registry: &'a mut Registry, catalogue: &'a mut Vec<Described>) -> Self {
        Self {
            registry,
            catalogue,
        }
    }

    /// Adds a metric that counts things.
    pub fn put(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
        metric: impl Metric,
    ) {
        self.describe(
            format!("{PREFIX}_{name}"),
            metric.metric_type(),
            labels,
            help,
        );
        self.ours().register(name, help, metric);
    }

    /// Adds a metric in seconds; its name gets the unit.
    pub fn put_seconds(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str],
        help: &'static str,
        metric: impl Metric,
    ) {
        let full = format!("{PREFIX}_{name}_seconds");
        self.describe(full, metric.metric_type(), labels, help);
        self.ours()
            .register_with_unit(name, help, Unit::Seconds, metric);
    }

    /// Adds metrics that are made up when somebody reads them; they have the names that every
    /// program uses for them.
    pub fn collect(&mut self, collector: impl Collector, families: &[Family]) {
        for (name, kind, help) in families {
            self.describe((*name).to_owned(), *kind, &[], help);
        }
        self.registry.register_collector(Box::new(collector));
    }

    fn ours(&mut self) -> &mut Registry {
        self.registry.sub_registry_with_prefix(PREFIX)
    }

    fn describe(
        &mut self,
        mut name: String,
        kind: MetricType,
        labels: &'static [&'static str],
        help: &'static str,
    ) {
        let (kind, suffix) = match kind {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Gauge => ("gauge", ""),
            MetricType::Histogram => ("histogram", ""),
            MetricType::Info => ("info", "_info"),
            MetricType::Unknown => ("unknown", ""),
        };
        name.push_str(suffix);
        self.catalogue.push(Described {
            name,
            kind,
            labels,
            help,
        });
    }
}
