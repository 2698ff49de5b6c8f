//! What every call passes before and behind its method: a trace, a bound of time, panics and refusals of the library as statuses with details.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use tonic::body::Body;
use tonic::codegen::http::{HeaderValue, Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::{Code, Status};
use tracing::Instrument as _;

use super::reason::{Reason, Refused};
use super::trace::Trace;
use crate::guard::guarded_async;

/// What no method takes before it begins to answer, but for the one that brings input: a wait takes a minute.
const MOST: Duration = Duration::from_secs(75);

/// A service with this around it.
#[derive(Clone, Debug)]
pub(super) struct Edge<S>(pub S);

impl<S: NamedService> NamedService for Edge<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Edge<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let trace = Trace::begin(request.headers());
        let path = request.uri().path();
        let method = path.rsplit('/').next().unwrap_or_default().to_owned();
        let span = tracing::info_span!("call", %method, trace_id = %trace);
        request.extensions_mut().insert(trace.clone());
        let most = if method == "PushInput" { Duration::MAX } else { MOST };
        let work = self.0.call(request);
        let answer = async move {
            let refused = match tokio::time::timeout(most, guarded_async(work)).await {
                Ok(Ok(Ok(response))) => return Ok(with_detail(response, &trace)),
                Ok(Ok(Err(never))) => match never {},
                Ok(Err(panic)) => Refused::new(Reason::Fault, format!("{method} failed: {panic}")),
                Err(_) => Refused::new(Reason::TooSlow, format!("the request of {method} does not arrive")),
            };
            Ok(with_trace(refused.status(&trace).into_http(), &trace))
        };
        Box::pin(answer.instrument(span))
    }
}

/// A response that says no has a detail, whoever made it.
fn with_detail(response: Response<Body>, trace: &Trace) -> Response<Body> {
    let status = Status::from_header_map(response.headers());
    let bare = status.filter(|status| status.code() != Code::Ok && status.details().is_empty());
    let response = match bare {
        Some(status) => Refused::of_transport(&status).status(trace).into_http(),
        None => response,
    };
    with_trace(response, trace)
}

fn with_trace(mut response: Response<Body>, trace: &Trace) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
        response.headers_mut().insert("trace-id", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service that does what the path says.
    #[derive(Clone)]
    struct Played;

    impl Service<Request<Body>> for Played {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = BoxFuture<Response<Body>, Infallible>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request<Body>) -> Self::Future {
            Box::pin(async move {
                assert_ne!(request.uri().path(), "/aludel.prover.v1.Prover/Panic", "on purpose");
                Ok(Response::default())
            })
        }
    }

    #[tokio::test]
    async fn a_panic_of_a_method_is_an_answer() {
        let call = async |method: &str| {
            let path = format!("/aludel.prover.v1.Prover/{method}");
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            let Ok(response) = Edge(Played).call(request).await;
            response
        };
        let good = call("Good").await;
        assert!(Status::from_header_map(good.headers()).is_none());
        assert_eq!(good.headers().get("trace-id").map(HeaderValue::len), Some(32));
        let status = Status::from_header_map(call("Panic").await.headers()).expect("a status");
        let detail = aludel_proto::status::decode(status.details()).expect("a detail");
        assert_eq!((status.code(), detail.number), (Code::Internal, Reason::Fault.number()));
        assert!(status.message().contains("Panic"), "{status:?}");
    }
}
