//! What the operating system knows of the process: the standard `process_…` metrics, read when they are asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::{counter::ConstCounter, gauge::ConstGauge};

/// Ticks of `/proc/self/stat` in a second; the same on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process {
    started: f64,
}

impl Process {
    pub(super) fn new() -> Process {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs_f64();
        Process { started }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| match value {
            Some(value) => {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(name, help, None, gauge_type())?)
            }
            None => Ok(()),
        };
        gauge(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970",
            Some(self.started),
        )?;
        gauge(
            "process_resident_memory_bytes",
            "Memory in use, in bytes",
            status("VmRSS:"),
        )?;
        gauge(
            "process_virtual_memory_bytes",
            "Address space in use, in bytes",
            status("VmSize:"),
        )?;
        gauge("process_open_fds", "Open file descriptors", open_files())?;
        gauge(
            "process_max_fds",
            "Most file descriptors that may be open",
            most_files(),
        )?;
        if let Some(seconds) = processor_seconds() {
            let counter = ConstCounter::new(seconds);
            let help = "Processor time used, in seconds";
            counter.encode(encoder.encode_descriptor(
                "process_cpu_seconds",
                help,
                None,
                counter_type(),
            )?)?;
        }
        Ok(())
    }
}

fn gauge_type() -> prometheus_client::metrics::MetricType {
    prometheus_client::metrics::MetricType::Gauge
}

fn counter_type() -> prometheus_client::metrics::MetricType {
    prometheus_client::metrics::MetricType::Counter
}

/// A size of `/proc/self/status`, there in kB, here in bytes. `None` where there is no such file.
fn status(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}

fn open_files() -> Option<f64> {
    // The folder itself is open while it is read.
    let count = std::fs::read_dir("/proc/self/fd")
        .ok()?
        .count()
        .saturating_sub(1);
    u32::try_from(count).ok().map(f64::from)
}

fn most_files() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in brackets may hold spaces; after it come state, parent, … with utime and stime at 11 and 12.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}
