//! What the server counts, as Prometheus reads it.

use super::route::ROUTES;
use super::tail::Meter;
use crate::ErrorKind;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Upper bounds of the latency buckets, in microseconds.
const BOUNDS_US: [u64; 12] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000, 10_000_000,
];

/// Requests of one route. Of a stream the time to its first byte counts.
#[derive(Debug, Default)]
struct Requests {
    by_class: [AtomicU64; 6],
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    /// By the place of the route in its table; the last is for everything else.
    requests: Box<[Requests]>,
    errors: [AtomicU64; ErrorKind::ALL.len()],
    connections: AtomicUsize,
    waits: AtomicUsize,
    appends: AtomicU64,
    append_bytes: AtomicU64,
    tail_messages: AtomicU64,
    tail_bytes: AtomicU64,
    tail_lost: AtomicU64,
    tails: Mutex<Vec<Weak<Meter>>>,
}

/// A connection is open, or a wait under way, as long as this lives.
pub(crate) struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn on(gauge: &'a AtomicUsize) -> Counted<'a> {
        gauge.fetch_add(1, Ordering::Relaxed);
        Counted(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            requests: (0..=ROUTES.len()).map(|_| Requests::default()).collect(),
            errors: Default::default(),
            connections: AtomicUsize::new(0),
            waits: AtomicUsize::new(0),
            appends: AtomicU64::new(0),
            append_bytes: AtomicU64::new(0),
            tail_messages: AtomicU64::new(0),
            tail_bytes: AtomicU64::new(0),
            tail_lost: AtomicU64::new(0),
            tails: Mutex::default(),
        }
    }
}

impl Metrics {
    pub(crate) fn connection(&self) -> Counted<'_> {
        Counted::on(&self.connections)
    }

    pub(crate) fn wait(&self) -> Counted<'_> {
        Counted::on(&self.waits)
    }

    /// A request was answered.
    pub(crate) fn request(&self, route: Option<usize>, status: u16, took: Duration) {
        let requests = &self.requests[route.unwrap_or(ROUTES.len())];
        requests.by_class[usize::from(status / 100).min(5)].fetch_add(1, Ordering::Relaxed);
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        requests.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        requests.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// An error was sent, as an answer or in a stream.
    pub(crate) fn error(&self, kind: ErrorKind) {
        if let Some(place) = ErrorKind::ALL.iter().position(|other| *other == kind) {
            self.errors[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Messages of so many bytes of data were appended.
    pub(crate) fn appended(&self, messages: u64, bytes: u64) {
        self.appends.fetch_add(messages, Ordering::Relaxed);
        self.append_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A tail sent messages of so many bytes, and lost others before them.
    pub(crate) fn sent(&self, messages: u64, bytes: usize, lost: u64) {
        self.tail_messages.fetch_add(messages, Ordering::Relaxed);
        self.tail_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.tail_lost.fetch_add(lost, Ordering::Relaxed);
    }

    /// A tail began.
    pub(crate) fn tail(&self, meter: &Arc<Meter>) {
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        if tails.len() == tails.capacity() {
            tails.retain(|tail| tail.strong_count() > 0);
        }
        tails.push(Arc::downgrade(meter));
    }

    /// All of it as text.
    pub(crate) fn text(&self) -> String {
        let mut out = Sheet::default();
        out.head("plasmite_info", "gauge", "The server's version.");
        let version = env!("CARGO_PKG_VERSION");
        out.sample("plasmite_info", &[("version", version)], 1);
        self.http(&mut out);
        let counters = [
            (
                "plasmite_appends_total",
                "Messages appended.",
                &self.appends,
            ),
            (
                "plasmite_append_bytes_total",
                "Bytes of data appended, as they were sent.",
                &self.append_bytes,
            ),
            (
                "plasmite_tail_messages_total",
                "Messages sent to tails.",
                &self.tail_messages,
            ),
            (
                "plasmite_tail_bytes_total",
                "Bytes sent to tails.",
                &self.tail_bytes,
            ),
            (
                "plasmite_tail_lost_messages_total",
                "Messages that were overwritten before a tail had read them.",
                &self.tail_lost,
            ),
        ];
        for (name, help, counter) in counters {
            out.head(name, "counter", help);
            out.sample(name, &[], counter.load(Ordering::Relaxed));
        }
        out.head(
            "plasmite_errors_total",
            "counter",
            "Errors sent, as answers or in streams.",
        );
        for (kind, count) in ErrorKind::ALL.iter().zip(&self.errors) {
            let labels = [("kind", kind.name())];
            out.sample(
                "plasmite_errors_total",
                &labels,
                count.load(Ordering::Relaxed),
            );
        }
        self.tails_now(&mut out);
        out.0
    }

    fn http(&self, out: &mut Sheet) {
        let connections = self.connections.load(Ordering::Relaxed);
        out.head("plasmite_connections", "gauge", "Open connections.");
        out.sample("plasmite_connections", &[], connections as u64);
        let waits = self.waits.load(Ordering::Relaxed);
        out.head(
            "plasmite_mcp_waits",
            "gauge",
            "Waits of MCP clients under way.",
        );
        out.sample("plasmite_mcp_waits", &[], waits as u64);
        let names = || {
            let known = ROUTES.iter().map(|route| (route.method, route.path));
            known.chain([("", "other")]).zip(self.requests.iter())
        };
        const TOTAL: &str = "plasmite_http_requests_total";
        out.head(TOTAL, "counter", "Requests answered.");
        for ((method, path), requests) in names() {
            for (class, count) in requests.by_class.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let class = format!("{class}xx");
                    let labels = [("method", method), ("route", path), ("status", &*class)];
                    out.sample(TOTAL, &labels, count);
                }
            }
        }
        const SECONDS: &str = "plasmite_http_request_seconds";
        out.head(
            SECONDS,
            "histogram",
            "Time from a request's head to its answer's; for streams to their beginning.",
        );
        for ((method, path), requests) in names() {
            let counts: Vec<u64> = requests
                .buckets
                .iter()
                .map(|bucket| bucket.load(Ordering::Relaxed))
                .collect();
            let total: u64 = counts.iter().sum();
            if total == 0 {
                continue;
            }
            let mut below = 0;
            for (bound, count) in BOUNDS_US.iter().zip(&counts) {
                below += count;
                let bound = (*bound as f64 / 1e6).to_string();
                let labels = [("method", method), ("route", path), ("le", &*bound)];
                out.sample(&format!("{SECONDS}_bucket"), &labels, below);
            }
            let labels = [("method", method), ("route", path), ("le", "+Inf")];
            out.sample(&format!("{SECONDS}_bucket"), &labels, total);
            let labels = &labels[..2];
            let sum = requests.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
            out.sample(&format!("{SECONDS}_sum"), labels, sum);
            out.sample(&format!("{SECONDS}_count"), labels, total);
        }
    }

    /// The tails that are open, by pool, and how far the slowest is behind.
    fn tails_now(&self, out: &mut Sheet) {
        let mut tails = self.tails.lock().unwrap_or_else(PoisonError::into_inner);
        tails.retain(|tail| tail.strong_count() > 0);
        let mut pools: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for meter in tails.iter().filter_map(Weak::upgrade) {
            let (count, most) = pools.entry(meter.pool_name().to_owned()).or_default();
            *count += 1;
            *most = meter.lag().max(*most);
        }
        drop(tails);
        out.head("plasmite_tails", "gauge", "Open tails.");
        for (pool, (count, _)) in &pools {
            out.sample("plasmite_tails", &[("pool", pool)], count);
        }
        const LAG: &str = "plasmite_tail_lag_messages";
        out.head(
            LAG,
            "gauge",
            "Messages that the slowest open tail of a pool has not been sent yet.",
        );
        for (pool, (_, lag)) in &pools {
            out.sample(LAG, &[("pool", pool)], lag);
        }
    }
}

/// Text in Prometheus' format.
#[derive(Default)]
struct Sheet(String);

impl Sheet {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        let separators = std::iter::once('{').chain(std::iter::repeat(','));
        for (separator, (label, text)) in separators.zip(labels) {
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.0, "{separator}{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}
