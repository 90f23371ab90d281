//! Deleting what the examination has made.

use super::access::Site;
use super::finding::Finding;
use super::patient::Patient;
use super::session::Session;

pub(super) async fn look(
    patient: &Patient,
    site: &Site,
    session: Option<&Session>,
    found: &mut Vec<Finding>,
) {
    let (path, token, what) = match (&site.operator, session) {
        (Some(operator), _) => {
            let path = format!("/v1/apps/{}", site.app_id());
            (path, operator, "the app".to_owned())
        }
        (None, Some(session)) => {
            let path = format!("/v1/admin/users/{}", session.user);
            (path, &site.admin, format!("the user {}", session.user))
        }
        (None, None) => return,
    };
    found.push(
        match patient.demand("DELETE", &path, Some(token), None).await {
            Ok(_) => Finding::ok("cleanup", format!("{what} of this examination is deleted")),
            Err(trouble) => {
                let mend = format!("delete {what} by hand, and mend the deletion");
                trouble.finding("cleanup", mend)
            }
        },
    );
}
