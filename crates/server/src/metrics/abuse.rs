//! What is refused because of wrong attempts before.

use std::sync::Arc;

use bia_selfservice::abuse::Refused;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// `bia_abuse_refused_total`, by what was locked and by the method that was tried.
#[derive(Debug)]
pub(super) struct RefusedAttempts {
    refused: Arc<Refused>,
}

impl RefusedAttempts {
    pub(super) fn new(refused: Arc<Refused>) -> RefusedAttempts {
        RefusedAttempts { refused }
    }
}

impl Collector for RefusedAttempts {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let counts = self.refused.counts();
        if counts.is_empty() {
            return Ok(());
        }
        let kind = MetricType::Counter;
        let help = "Attempts that were refused because of wrong ones before";
        let mut family = encoder.encode_descriptor("bia_abuse_refused", help, None, kind)?;
        for (subject, method, count) in counts {
            let labels = [("subject", subject), ("method", method)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
