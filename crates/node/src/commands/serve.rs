//! `aludel serve`: this machine as a prover.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aludel_circuits::Shape;
use aludel_scheduler::Policy;
use aludel_scheduler::artifacts::Quota;
use aludel_service::coordinator::{Coordinator, Options};
use aludel_service::http::{self, PrometheusHandle};
use aludel_service::rpc::{Limits, serve};
use aludel_service::rules::Rules;
use aludel_service::worker::{Launch, WorkerProgram};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::warn_without_vectors;
use crate::cli::Serve;
use crate::config::{self, Bytes, Config, Patience};
use crate::exit::{Failure, Kind, OrFail};
use crate::logging;
use crate::workers::Workers;

/// Runs the command: until it is told to end.
pub fn run(args: &Serve) -> Result<(), Failure> {
    warn_without_vectors();
    let flags = [
        (config::LISTEN, args.listen.clone()),
        (config::HTTP_LISTEN, args.http_listen.clone()),
        (config::DATA_DIR, args.data_dir.clone()),
        (config::WORKERS, args.workers.clone()),
        (config::LARGEST_SHAPE, args.largest_shape.clone()),
        (config::LOG_FORMAT, args.log_format.clone()),
    ];
    let config = Config::load(args.config.clone(), &flags)?;
    logging::start(&config)?;
    let listen: SocketAddr = config.get(config::LISTEN)?;
    let Patience(drain) = config.get(config::DRAIN)?;
    let options = options(&config)?;
    let rules = Rules::new(config.get::<Shape>(config::LARGEST_SHAPE)?).or_fail(Kind::Bug, "keys")?;
    let devices = devices(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.or_fail(Kind::Usage, "threads")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.or_fail(Kind::Usage, format!("{listen}"))?;
        let address = listener.local_addr().or_fail(Kind::Usage, format!("{listen}"))?;
        let watching = watching(&config).await?;
        let mut terminate = signal(SignalKind::terminate()).or_fail(Kind::Usage, "signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).or_fail(Kind::Usage, "signals")?;
        // A limit on the size of files is then an error of who writes, as a full disk is, and not the end of the process.
        let beyond = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        let _ignored = signal(beyond).or_fail(Kind::Usage, "signals")?;
        // What may fail has been tried: nothing is begun in vain.
        let folder = options.folder.clone();
        let started = Coordinator::start(options, Arc::new(rules), devices);
        let (coordinator, running) = started.or_fail(Kind::Usage, folder.display())?;
        say_hello(address, &folder);
        let (close, closed) = tokio::sync::oneshot::channel::<()>();
        let watched = watching.map(|(listener, handle)| {
            let serving = http::serve(coordinator.clone(), handle, listener, async { drop(closed.await) });
            tokio::spawn(serving)
        });
        let draining = coordinator.clone();
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("told to end: nothing new is begun, and what is at work may take {drain:?}; told again, it ends at once");
            tokio::select! {
                () = draining.drain(drain) => {}
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        let served = serve(coordinator.clone(), listener, Limits::default(), stop).await;
        let _ = close.send(());
        if let Some(watched) = watched {
            // Who has begun to ask and does not go on is not waited for.
            let _ = tokio::time::timeout(GRACE, watched).await;
        }
        coordinator.end();
        running.join();
        served.or_fail(Kind::Usage, address)
    })
}

/// How long those who watch the service may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// Where those who watch the service will find it, if anybody is to.
async fn watching(config: &Config) -> Result<Option<(TcpListener, PrometheusHandle)>, Failure> {
    if config.value(config::HTTP_LISTEN).text.is_empty() {
        return Ok(None);
    }
    let listen: SocketAddr = config.get(config::HTTP_LISTEN)?;
    let listener = TcpListener::bind(listen).await.or_fail(Kind::Usage, format!("http_listen {listen}"))?;
    let address = listener.local_addr().or_fail(Kind::Usage, listen)?;
    let handle = http::count().or_fail(Kind::Bug, "metrics")?;
    tracing::info!(%address, "ready for /metrics, /healthz and /readyz");
    Ok(Some((listener, handle)))
}

/// The first lines, for whoever started it by hand.
fn say_hello(address: SocketAddr, folder: &std::path::Path) {
    tracing::info!(%address, folder = %folder.display(), "ready for gRPC");
    if address.ip().is_loopback() {
        tracing::info!(
            "development mode: reachable from this machine alone, without encryption; try `aludel submit --wait BATCHES`"
        );
    } else {
        tracing::warn!(
            "reachable from other machines, without encryption and without passwords: put a proxy with TLS before it"
        );
    }
}

fn options(config: &Config) -> Result<Options, Failure> {
    let (Bytes(bytes), Bytes(reserve)) = (config.get(config::DISK_QUOTA)?, config.get(config::DISK_RESERVE)?);
    if reserve >= bytes {
        let what = format!("disk_reserve must be less than disk_quota: {reserve} and {bytes} bytes");
        return Err(Failure::new(Kind::Usage, what));
    }
    let Patience(keep_ended) = config.get(config::KEEP_ENDED)?;
    let keep_ended_most = config.get(config::KEEP_ENDED_MOST)?;
    if keep_ended_most == 0 {
        let what = "keep_ended_most is 0: no proof would be there to be fetched; set at least 1";
        return Err(Failure::new(Kind::Usage, what));
    }
    let policy = Policy {
        most_jobs: config.get(config::MOST_JOBS)?,
        stall_ms: stall_ms(config)?,
        ..Policy::default()
    };
    let folder = PathBuf::from(&config.value(config::DATA_DIR).text);
    let quota = Quota { bytes, reserve, small: Quota::SMALL };
    Ok(Options { folder, policy, quota, own_slots: OWN_SLOTS, keep_ended, keep_ended_most })
}

/// How long tasks may make no progress.
fn stall_ms(config: &Config) -> Result<u64, Failure> {
    let Patience(stall) = config.get(config::STALL)?;
    if stall < LEAST_STALL {
        let what = format!(
            "stall is {stall:?}, and no task makes progress that often; set at least {LEAST_STALL:?}"
        );
        return Err(Failure::new(Kind::Usage, what));
    }
    Ok(u64::try_from(stall.as_millis()).unwrap_or(u64::MAX))
}

/// Less would kill workers that are well.
const LEAST_STALL: Duration = Duration::from_secs(1);

/// Checks, verifications and receipts at a time. Most of their time they wait for the disk.
const OWN_SLOTS: usize = 8;

fn devices(config: &Config) -> Result<Vec<Arc<dyn Launch>>, Failure> {
    let workers = Workers::of(config)?;
    for (how, remedy) in [workers.too_few_or_too_small(), workers.more_than_there_is()].into_iter().flatten()
    {
        tracing::warn!("{how}; {remedy}");
    }
    let memory_bytes = workers.each;
    let program = std::env::current_exe().or_fail(Kind::Usage, "this program")?;
    let device = |n: u64| {
        let (name, arguments) = (format!("cpu:{n}"), vec!["worker".to_owned()]);
        Arc::new(WorkerProgram { name, program: program.clone(), arguments, memory_bytes }) as Arc<dyn Launch>
    };
    Ok((0..workers.count).map(device).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_patience_are_those_of_the_settings() {
        let set = |setting, text: &str| (setting, Some(text.to_owned()));
        let flags = [
            set(config::STALL, "10min"),
            set(config::MOST_JOBS, "7"),
            set(config::KEEP_ENDED, "2h"),
            set(config::KEEP_ENDED_MOST, "9"),
        ];
        let options = options(&Config::load(None, &flags).expect("reads")).expect("are settings");
        assert_eq!((options.policy.stall_ms, options.policy.most_jobs), (600_000, 7));
        assert_eq!((options.keep_ended, options.keep_ended_most), (Duration::from_secs(7200), 9));
    }
}
