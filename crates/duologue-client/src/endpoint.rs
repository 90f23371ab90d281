//! The base URL of a server, and what every request to it carries.

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use thiserror::Error;

use crate::tls::Roots;

/// Why a base URL or a header cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// The text is not an absolute URL.
    #[error("`{0}` is not a URL ({1}); write http://HOST:PORT, with a base path if there is one")]
    NotAUrl(String, String),
    /// The scheme is neither `http` nor `https`.
    #[error("`{0}`: an endpoint begins with http:// or https://")]
    Scheme(String),
    /// A base URL has no user, password, query or fragment.
    #[error("`{0}`: a base URL has no {1}")]
    Surplus(String, &'static str),
    /// A header that cannot be sent.
    #[error("`{0}` is not a header that can be sent")]
    Header(String),
}

/// Where a server is: base URL, optional base path, headers for every request, CAs to trust.
#[derive(Debug, Clone)]
pub struct Endpoint {
    url: Url,
    headers: HeaderMap,
    roots: Roots,
}

impl Endpoint {
    /// Parses a base URL such as `http://127.0.0.1:8080` or `https://host/chat`; a slash at its end
    /// makes no difference.
    ///
    /// # Errors
    /// When the text is no `http` or `https` URL or has a part that a base URL must not have.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text)
            .map_err(|error| EndpointError::NotAUrl(text.into(), error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EndpointError::Scheme(text.into()));
        }
        let surplus = if !url.username().is_empty() || url.password().is_some() {
            // Not repeated in the message: it may hold a secret.
            return Err(EndpointError::Surplus(
                "the endpoint".into(),
                "user or password",
            ));
        } else if url.query().is_some() {
            Some("query")
        } else {
            url.fragment().map(|_| "fragment")
        };
        match surplus {
            Some(what) => Err(EndpointError::Surplus(text.into(), what)),
            None => Ok(Self {
                url,
                headers: HeaderMap::new(),
                roots: Roots::default(),
            }),
        }
    }

    /// Adds a header to every request, in place of one of the same name.
    ///
    /// # Errors
    /// When name or value are not allowed in HTTP; the value is not repeated in the error.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, EndpointError> {
        let wrong = || EndpointError::Header(name.into());
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        self.headers.insert(key, value);
        Ok(self)
    }

    /// Adds headers to every request.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Trusts these CAs beside those the system trusts.
    #[must_use]
    pub fn with_roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// The base URL without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The value of the `Host` header: host, and the port when it is not that of the scheme.
    #[must_use]
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.url.host_str().unwrap_or_default()),
            None => self.url.host_str().unwrap_or_default().into(),
        }
    }

    /// The headers that every request carries.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The CAs to trust beside those of the system.
    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }

    pub(crate) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// What comes before `/v1` in every request target.
    pub(crate) fn base_path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// The request target: base path and `path_and_query`.
    pub(crate) fn target(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.base_path())
    }

    /// The address to connect to.
    pub(crate) fn address(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host.into(), self.url.port_or_known_default().unwrap_or(80))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_paths_are_kept_and_end_slashes_are_not() {
        let check = |text: &str, target: &str, authority: &str| {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.target("/v1/server"), target, "{text}");
            assert_eq!(endpoint.authority(), authority, "{text}");
        };
        check("http://127.0.0.1:8080", "/v1/server", "127.0.0.1:8080");
        check("http://127.0.0.1:8080/", "/v1/server", "127.0.0.1:8080");
        check("http://chat.example/a/b/", "/a/b/v1/server", "chat.example");
        check("https://chat.example:443/a", "/a/v1/server", "chat.example");
        check("http://[::1]:99/x", "/x/v1/server", "[::1]:99");
        assert_eq!(
            Endpoint::parse("http://[::1]:99").unwrap().address(),
            ("::1".into(), 99)
        );
        assert_eq!(
            Endpoint::parse("https://x").unwrap().address(),
            ("x".into(), 443)
        );
    }

    #[test]
    fn only_http_urls_without_extras_are_endpoints() {
        for bad in [
            "",
            "localhost:80",
            "/v1",
            "ftp://x",
            "http://x?a=1",
            "http://x#y",
        ] {
            assert!(Endpoint::parse(bad).is_err(), "{bad}");
        }
        let error = Endpoint::parse("http://user:secret@x").unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
