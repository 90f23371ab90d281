//! Receiving an upload: from the socket to the disk, never whole in memory.

use std::io;
use std::time::Duration;

use axum::body::Body;
use duologue_core::server::{Reply, UploadPermit};
use duologue_core::{ApiError, ErrorCode};
use http_body_util::BodyExt as _;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::media::MediaFile;
use crate::shared::{Shared, internal};

/// The longest silence of an uploading client.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why an upload did not arrive whole.
enum Failure {
    TooLarge,
    Client(String),
    Disk(io::Error),
}

/// Receives the body of a permitted upload. Also tells whether all of the body was read.
pub(crate) async fn receive(
    shared: &Shared,
    permit: &UploadPermit,
    content_type: &str,
    body: Body,
) -> (Reply, bool) {
    match store(permit.bytes_max, body).await {
        Ok((file, bytes)) => (
            shared.finish_upload(permit, content_type, bytes, file),
            true,
        ),
        Err(Failure::TooLarge) => (shared.upload_too_large(permit), false),
        Err(Failure::Client(message)) => (cut_off(&message), false),
        Err(Failure::Disk(error)) => {
            tracing::error!(%error, "an upload could not be stored");
            (internal("the upload could not be stored"), false)
        }
    }
}

/// The answer to a body that does not arrive; the table has no code of its own for it.
pub(crate) fn cut_off(message: &str) -> Reply {
    let message = format!("the request body did not arrive: {message}");
    Reply::error(&ApiError::new(ErrorCode::MalformedJson, message))
}

/// Writes the body to the disk, up to the limit, whatever length was declared (MED-003).
async fn store(bytes_max: u64, mut body: Body) -> Result<(MediaFile, u64), Failure> {
    let mut file = scratch_file().await.map_err(Failure::Disk)?;
    let mut bytes = 0_u64;
    while let Some(frame) = timeout(PATIENCE, body.frame())
        .await
        .map_err(|_| silent())?
    {
        let frame = frame.map_err(|error| Failure::Client(error.to_string()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        bytes += data.len() as u64;
        if bytes > bytes_max {
            return Err(Failure::TooLarge);
        }
        file.write_all(&data).await.map_err(Failure::Disk)?;
    }
    file.flush().await.map_err(Failure::Disk)?;
    Ok((MediaFile::new(file.into_std().await), bytes))
}

async fn scratch_file() -> io::Result<File> {
    let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
    made.map_err(io::Error::other)?.map(File::from_std)
}

fn silent() -> Failure {
    Failure::Client(format!("nothing came for {} seconds", PATIENCE.as_secs()))
}
