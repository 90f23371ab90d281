//! The only transport driver of the project: HTTP and event streams over sockets.
//!
//! [`Http`] sends ordinary requests to one [`Endpoint`]; [`EventStream`] holds one stream on a
//! connection of its own; [`Http::raw`] and [`Http::upload`] do by hand what an HTTP library hides.
//! Nothing here judges an answer: any complete HTTP answer is an `Ok`, whatever its status, and a
//! [`TransportError`] always means that no complete answer came. [`Api`] adds typed calls for tools.
//! [`sdk`] is the client library for applications, which judges answers and tries again.
//!
//! No redirect is followed, no proxy is taken from the environment, nothing is decompressed and
//! nothing is tried twice. Every call has a deadline and every size a bound. An `https` endpoint is
//! verified in any case; there is no way to switch that off.

mod api;
mod body;
mod connection;
mod deadline;
mod download;
mod endpoint;
mod error;
mod events;
mod exchange;
mod head;
mod http;
mod pace;
mod raw;
mod response;
pub mod sdk;
mod sse;
mod tls;
mod upload;

pub use api::{Api, ApiFailure};
pub use download::DownloadOutcome;
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Phase, StreamError, TransportError};
pub use events::{EventStream, Opened, StreamItem};
pub use http::{Http, Timeouts};
pub use response::{BODY_BYTES_MAX, RawResponse};
pub use sse::EVENT_BYTES_MAX;
pub use tls::{Roots, RootsError};
pub use upload::{Framing, Upload, UploadOutcome, generated_bytes};
