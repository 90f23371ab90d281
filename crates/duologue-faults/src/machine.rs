//! The core's server with a twist.

use std::fmt;

use duologue_core::id::MediaId;
use duologue_core::server::{
    Effect, IdSource, Machine, PushTarget, Reply, Request, Server, StreamId, UploadPermit,
};
use duologue_core::time::Timestamp;

use crate::book::Book;
use crate::call::Call;
use crate::twist::Twist;
use crate::world::World;

/// A server that breaks a rule.
pub struct Faulty {
    server: Server,
    twist: Twist,
    book: Book,
}

impl Faulty {
    pub(crate) fn new(server: Server, twist: Twist) -> Self {
        Self {
            server,
            twist,
            book: Book::default(),
        }
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").finish_non_exhaustive()
    }
}

impl Machine for Faulty {
    fn handle(
        &mut self,
        now: Timestamp,
        request: Request<'_>,
        ids: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>) {
        let Self {
            server,
            twist,
            book,
        } = self;
        let mut call = Call::of(now, &request);
        let mut world = World { server, ids, book };
        let answered = twist
            .before
            .iter_mut()
            .find_map(|before| before(&mut call, &mut world));
        let mut outcome = answered.unwrap_or_else(|| world.ask(&call));
        book.learn(&call, &outcome.reply);
        // The twist sees the request as it came.
        let call = Call::of(now, &request);
        let mut world = World { server, ids, book };
        for after in &mut twist.after {
            after(&call, &mut outcome, &mut world);
        }
        (outcome.reply, outcome.effects)
    }

    fn finish_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply> {
        let (mut permit, mut bytes) = (permit.clone(), bytes);
        let mut content_type = content_type.to_owned();
        for upload in &mut self.twist.upload {
            upload(&mut permit, &mut bytes, &mut content_type);
        }
        let mut answered = self
            .server
            .finish_upload(&permit, bytes, &content_type, ids);
        for uploaded in &mut self.twist.uploaded {
            match &mut answered {
                Ok((_, reply)) | Err(reply) => uploaded(reply),
            }
        }
        answered
    }

    fn upload_too_large(&self, permit: &UploadPermit) -> Reply {
        Server::upload_too_large(permit)
    }

    fn stream_closed(&mut self, stream: StreamId) {
        if !self.twist.ignores_ends {
            self.server.stream_closed(stream);
        }
    }

    fn push_is_due(&self, target: &PushTarget) -> bool {
        self.twist.pushes_always || self.server.push_is_due(target)
    }

    fn push_gone(&mut self, target: &PushTarget) {
        if !self.twist.ignores_gone {
            self.server.push_gone(target);
        }
    }
}
