//! `/metrics`, `/healthz` and `/readyz`, for those who watch the service.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
pub use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};
use tokio::net::TcpListener;

use crate::coordinator::{Coordinator, Status};
use crate::metrics;

/// Bounds of histograms, in seconds or in numbers.
const BOUNDS: [f64; 16] =
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0];

/// How often figures are put together.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Begins to count. Once in a process.
///
/// # Errors
/// Something counts already.
pub fn count() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new().set_buckets(&BOUNDS)?;
    let builder = builder.set_buckets_for_metric(
        Matcher::Suffix("_records".into()),
        &[1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1024.0],
    )?;
    let handle = builder.install_recorder()?;
    metrics::describe();
    Ok(handle)
}

/// Serves until `shutdown` is done.
///
/// # Errors
/// The socket fails.
pub async fn serve(
    coordinator: Coordinator,
    handle: PrometheusHandle,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Figures are put together now and then, whether anybody asks for them or not: they would grow.
    let kept = handle.clone();
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP_EVERY).await;
            kept.run_upkeep();
        }
    });
    let text = async move || handle.render();
    let router = Router::new()
        .route("/metrics", get(text))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(coordinator);
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown).await;
    upkeep.abort();
    served
}

async fn ready(State(coordinator): State<Coordinator>) -> (StatusCode, String) {
    match reasons(&coordinator.status()) {
        reasons if reasons.is_empty() => (StatusCode::OK, "ready\n".into()),
        reasons => {
            (StatusCode::SERVICE_UNAVAILABLE, reasons.iter().map(|reason| format!("{reason}\n")).collect())
        }
    }
}

/// Why no job can be taken and proven now.
pub fn reasons(status: &Status) -> Vec<String> {
    let mut reasons = Vec::new();
    if status.is_draining {
        reasons.push("it is about to end".into());
    }
    reasons.extend(status.broken.as_ref().map(|why| format!("jobs cannot be written: {why}")));
    let missing: Vec<_> =
        status.devices.iter().filter_map(|device| Some((&device.name, device.missing.as_ref()?))).collect();
    if missing.len() == status.devices.len() {
        reasons.push("no device has a worker".into());
        reasons.extend(missing.into_iter().map(|(name, why)| format!("{name}: {why}")));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::DeviceStatus;

    #[test]
    fn a_service_is_ready_with_one_worker_and_a_disk() {
        let device = |missing: Option<&str>| DeviceStatus {
            name: "cpu:0".into(),
            memory_bytes: 1,
            missing: missing.map(Into::into),
        };
        let status = |devices| Status { devices, ..Status::default() };
        assert_eq!(reasons(&status(vec![device(Some("gone")), device(None)])), Vec::<String>::new());
        assert_eq!(reasons(&status(vec![device(Some("gone"))])), ["no device has a worker", "cpu:0: gone"]);
        assert_eq!(reasons(&status(Vec::new())), ["no device has a worker"]);
        let broken = Status { broken: Some("full".into()), is_draining: true, ..status(vec![device(None)]) };
        assert_eq!(reasons(&broken), ["it is about to end", "jobs cannot be written: full"]);
    }
}
