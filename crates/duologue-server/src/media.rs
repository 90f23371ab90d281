//! Uploaded bytes: files without a name, which vanish with the process.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use duologue_core::id::MediaId;

/// The files of all finished uploads.
#[derive(Debug, Default)]
pub(crate) struct MediaFiles(HashMap<MediaId, MediaFile>);

impl MediaFiles {
    pub(crate) fn insert(&mut self, media: MediaId, file: MediaFile) {
        self.0.insert(media, file);
    }

    pub(crate) fn get(&self, media: &MediaId) -> Option<&MediaFile> {
        self.0.get(media)
    }

    /// Forgets files; a download that is under way still ends well.
    pub(crate) fn remove(&mut self, gone: &[MediaId]) {
        for media in gone {
            self.0.remove(media);
        }
    }
}

/// The bytes of one upload; clones read the same file.
#[derive(Debug, Clone)]
pub(crate) struct MediaFile(Arc<Mutex<File>>);

impl MediaFile {
    pub(crate) fn new(file: File) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    /// Reads up to `max` bytes at `offset`.
    pub(crate) async fn read(&self, offset: u64, max: usize) -> io::Result<Bytes> {
        let file = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::with_capacity(max);
            file.by_ref().take(max as u64).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        });
        read.await.map_err(io::Error::other)?
    }
}
