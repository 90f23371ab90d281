//! Uploads: who may, how large, and what is known of a finished one (spec: media).

use crate::answer::Uploaded;
use crate::content::MediaKind;
use crate::error::{ApiError, ErrorCode};
use crate::id::MediaId;
use crate::server::app::App;
use crate::server::auth::invalid_token;
use crate::server::query::Query;
use crate::server::reply::{Reply, StoredMedia, UploadPermit};
use crate::server::{IdSource, Server};

impl App {
    /// `POST /v1/media`: permission to upload a known kind (MED-002), refused at once by a declared
    /// length over its limit (MED-003).
    pub(super) fn permit_upload(
        &self,
        query: &Query<'_>,
        content_length: Option<u64>,
    ) -> Result<UploadPermit, ApiError> {
        let kind = query
            .get("kind")
            .and_then(MediaKind::parse)
            .ok_or_else(|| ApiError::invalid("kind", "must be one of image, audio, file, video"))?;
        let bytes_max = kind.bytes_max(&self.limits);
        if content_length.is_some_and(|length| length > bytes_max) {
            return Err(too_large(bytes_max));
        }
        Ok(UploadPermit {
            app: self.id.clone(),
            kind,
            bytes_max,
        })
    }

    /// `GET /v1/media/{id}`: open to any session of the app (MED-005), unknown to all others
    /// (MED-006).
    pub(super) fn find_media(&self, path: &str) -> Result<StoredMedia, ApiError> {
        let unknown = || {
            ApiError::new(
                ErrorCode::MediaNotFound,
                format!("there is no upload {path:?}"),
            )
        };
        let id = MediaId::parse(path).map_err(|_| unknown())?;
        self.media.get(&id).cloned().ok_or_else(unknown)
    }
}

impl Server {
    /// Records an upload of which all `bytes` have arrived, or refuses it.
    ///
    /// # Errors
    /// The refusal to send: an empty upload, or one whose app has gone meanwhile.
    pub fn finish_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply> {
        self.record_upload(permit, bytes, content_type, ids)
            .map_err(|error| Reply::error(&error))
    }

    /// The refusal of an upload that has grown over its limit.
    #[must_use]
    pub fn upload_too_large(permit: &UploadPermit) -> Reply {
        Reply::error(&too_large(permit.bytes_max))
    }

    /// Keeps what is known of an upload under an id of its own (MED-001, MED-007, IDN-008); one
    /// without a byte is refused (MED-004).
    fn record_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), ApiError> {
        let app = self.apps.get_mut(&permit.app).ok_or_else(invalid_token)?;
        if bytes == 0 {
            let message = "an upload has at least one byte";
            return Err(ApiError::new(ErrorCode::MediaEmpty, message));
        }
        let media_id = MediaId::parse(&format!("{:032x}", ids.next_id()))
            .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))?;
        let answer = Uploaded {
            media_id: media_id.clone(),
            url: format!("/v1/media/{media_id}"),
            kind: permit.kind,
            bytes,
            content_type: content_type.into(),
        };
        let media = media_id.clone();
        let stored = StoredMedia {
            media,
            bytes,
            content_type: content_type.into(),
        };
        app.media.insert(media_id.clone(), stored);
        Ok((media_id, Reply::json(201, &answer)))
    }
}

fn too_large(bytes_max: u64) -> ApiError {
    let message = format!("uploads of this kind have at most {bytes_max} bytes");
    ApiError::new(ErrorCode::MediaTooLarge, message)
}
