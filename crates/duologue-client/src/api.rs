//! Typed calls for tools: provisioning, users, sessions, presence.

use duologue_core::ApiError;
use duologue_core::answer::{AdminUser, Clock, Login, Presence, ProvisionedApp, ServerInfo};
use duologue_core::id::{AppId, DeviceId, Platform, UserId};
use duologue_core::policy::Policy;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

use crate::error::TransportError;
use crate::http::Http;
use crate::response::RawResponse;

/// Why a typed call has no result.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ApiFailure {
    /// No complete answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server refused.
    #[error("{method} {path} was refused with status {status}: {}: {}", error.code.as_str(), error.message)]
    Refused {
        /// The method of the request.
        method: String,
        /// The path of the request.
        path: String,
        /// The status.
        status: u16,
        /// The error body.
        error: ApiError,
    },
    /// The answer is neither what the endpoint promises nor an error body.
    #[error("{method} {path} answered {status} with a body that cannot be read: {reason}")]
    Unreadable {
        /// The method of the request.
        method: String,
        /// The path of the request.
        path: String,
        /// The status.
        status: u16,
        /// What is wrong with the body.
        reason: String,
    },
}

impl ApiFailure {
    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Transport(_) => None,
            Self::Refused { status, .. } | Self::Unreadable { status, .. } => Some(*status),
        }
    }
}

/// Typed calls to one endpoint.
#[derive(Debug, Clone)]
pub struct Api {
    http: Http,
}

impl Api {
    /// Typed calls through `http`.
    #[must_use]
    pub fn new(http: Http) -> Self {
        Self { http }
    }

    /// The client beneath.
    #[must_use]
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// `GET /v1/server`; the token decides what is shown.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn server_info(&self, token: Option<&str>) -> Result<ServerInfo, ApiFailure> {
        self.call("GET", "/v1/server", token, None).await
    }

    /// `POST /v1/apps` with the operator token; `wishes` is the body of the request.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn provision(
        &self,
        operator: &str,
        wishes: &Value,
    ) -> Result<ProvisionedApp, ApiFailure> {
        self.call("POST", "/v1/apps", Some(operator), Some(wishes))
            .await
    }

    /// `DELETE /v1/apps/{app}` with the operator token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn delete_app(&self, operator: &str, app: &AppId) -> Result<(), ApiFailure> {
        self.order("DELETE", &format!("/v1/apps/{app}"), Some(operator), None)
            .await
    }

    /// `PUT /v1/admin/users/{user}` with the admin token; a new user comes with a credential.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn put_user(
        &self,
        admin: &str,
        user: &UserId,
        fields: &Value,
    ) -> Result<AdminUser, ApiFailure> {
        self.call(
            "PUT",
            &format!("/v1/admin/users/{user}"),
            Some(admin),
            Some(fields),
        )
        .await
    }

    /// `DELETE /v1/admin/users/{user}` with the admin token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn delete_user(&self, admin: &str, user: &UserId) -> Result<(), ApiFailure> {
        self.order(
            "DELETE",
            &format!("/v1/admin/users/{user}"),
            Some(admin),
            None,
        )
        .await
    }

    /// `GET /v1/admin/users/{user}/presence` with the admin token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn presence(&self, admin: &str, user: &UserId) -> Result<Presence, ApiFailure> {
        self.call(
            "GET",
            &format!("/v1/admin/users/{user}/presence"),
            Some(admin),
            None,
        )
        .await
    }

    /// `GET /v1/admin/policy` with the admin token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn policy(&self, admin: &str) -> Result<Policy, ApiFailure> {
        self.call("GET", "/v1/admin/policy", Some(admin), None)
            .await
    }

    /// `PUT /v1/admin/policy` with the admin token; absent fields stay as they are.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn put_policy(&self, admin: &str, fields: &Value) -> Result<Policy, ApiFailure> {
        self.call("PUT", "/v1/admin/policy", Some(admin), Some(fields))
            .await
    }

    /// `POST /v1/admin/clock` with the admin token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn advance_clock(&self, admin: &str, advance_ms: u64) -> Result<Clock, ApiFailure> {
        let body = json!({ "advance_ms": advance_ms });
        self.call("POST", "/v1/admin/clock", Some(admin), Some(&body))
            .await
    }

    /// `POST /v1/sessions` with the user's credential.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn login(
        &self,
        credential: &str,
        user: &UserId,
        device: &DeviceId,
        platform: &Platform,
    ) -> Result<Login, ApiFailure> {
        let body = json!({ "user_id": user, "device_id": device, "platform": platform });
        self.call("POST", "/v1/sessions", Some(credential), Some(&body))
            .await
    }

    /// `DELETE /v1/sessions/current` with the session token.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn logout(&self, session: &str) -> Result<(), ApiFailure> {
        self.order("DELETE", "/v1/sessions/current", Some(session), None)
            .await
    }

    /// Any call whose answer has a body.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T, ApiFailure> {
        let answer = self.http.json(method, path, token, body).await?;
        if (200..300).contains(&answer.status) {
            return serde_json::from_slice(&answer.body)
                .map_err(|error| unreadable(method, path, answer.status, error.to_string()));
        }
        Err(refused(method, path, &answer))
    }

    /// Any call whose answer has no body.
    ///
    /// # Errors
    /// See [`ApiFailure`].
    pub async fn order(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(), ApiFailure> {
        let answer = self.http.json(method, path, token, body).await?;
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        Err(refused(method, path, &answer))
    }
}

fn refused(method: &str, path: &str, answer: &RawResponse) -> ApiFailure {
    match serde_json::from_slice(&answer.body) {
        Ok(error) => ApiFailure::Refused {
            method: method.into(),
            path: path.into(),
            status: answer.status,
            error,
        },
        Err(error) => unreadable(method, path, answer.status, error.to_string()),
    }
}

fn unreadable(method: &str, path: &str, status: u16, reason: String) -> ApiFailure {
    ApiFailure::Unreadable {
        method: method.into(),
        path: path.into(),
        status,
        reason,
    }
}
