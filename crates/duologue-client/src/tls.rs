//! TLS: one configuration for both ways to connect, and its failures in our words.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use thiserror::Error;

use crate::endpoint::Endpoint;
use crate::error::TransportError;

/// Certificates of CAs to trust beside those the system trusts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roots(Vec<CertificateDer<'static>>);

/// Why a text holds no certificates of CAs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootsError {
    /// A block of the text is damaged.
    #[error("not PEM: {0}")]
    NotPem(String),
    /// There is no certificate in it.
    #[error("no `-----BEGIN CERTIFICATE-----` in it: a CA's certificate in PEM is needed")]
    Empty,
    /// A block is no certificate.
    #[error("certificate {number} cannot be read: {reason}")]
    NotACertificate {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Roots {
    /// Reads one or more certificates in PEM; other blocks are passed over.
    ///
    /// # Errors
    /// When there is none, or one of them cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootsError> {
        let mut store = RootCertStore::empty();
        let mut roots = Vec::new();
        for found in CertificateDer::pem_slice_iter(pem) {
            let root = found.map_err(|error| RootsError::NotPem(error.to_string()))?;
            let wrong = |error: rustls::Error| RootsError::NotACertificate {
                number: roots.len() + 1,
                reason: error.to_string(),
            };
            store.add(root.clone()).map_err(wrong)?;
            roots.push(root);
        }
        if roots.is_empty() {
            return Err(RootsError::Empty);
        }
        Ok(Self(roots))
    }
}

/// The configuration for an endpoint: HTTP/1.1 only, ring, the system's CAs and the endpoint's own.
pub(crate) fn client_config(endpoint: &Endpoint) -> Result<ClientConfig, TransportError> {
    let unusable = |error: rustls::Error| {
        TransportError::InvalidRequest(format!("TLS cannot be set up: {error}"))
    };
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let mut config = if endpoint.is_https() {
        let verifier = verifier(endpoint, provider).map_err(|error| {
            let what = "no CA to verify https by; give one with --ca-file";
            TransportError::InvalidRequest(format!("{what}: {error}"))
        })?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()
    } else {
        // The HTTP library wants one all the same; this one trusts nobody.
        builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(endpoint: &Endpoint, provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(endpoint.roots().0.iter().cloned(), provider)
}

/// What went wrong, if it went wrong in TLS.
pub(crate) fn explain(address: String, error: &(dyn Error + 'static)) -> Option<TransportError> {
    let error = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())?;
    let rustls::Error::InvalidCertificate(found) = error else {
        let plain = matches!(error, rustls::Error::InvalidMessage(_));
        let hint = if plain {
            "; is it an http:// endpoint?"
        } else {
            ""
        };
        return Some(TransportError::Tls {
            address,
            reason: format!("{error}{hint}"),
        });
    };
    // A bad signature is that of another CA of the same name.
    let unknown = matches!(
        found,
        CertificateError::UnknownIssuer | CertificateError::BadSignature
    );
    let reason = if unknown {
        "nobody this machine trusts has issued it; give the CA's certificate with --ca-file".into()
    } else {
        error.to_string()
    };
    Some(TransportError::Certificate { address, reason })
}

/// An error and its causes. Those inside an [`io::Error`] are not among its sources.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_certificates_in_pem() {
        assert_eq!(Roots::from_pem(b"hello"), Err(RootsError::Empty));
        let block = |label: &str, body: &str| {
            format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
        };
        let key = block("PRIVATE KEY", "AAAA");
        assert_eq!(Roots::from_pem(key.as_bytes()), Err(RootsError::Empty));
        let no_certificate = block("CERTIFICATE", "AAAA");
        let error = Roots::from_pem(no_certificate.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("certificate 1"), "{error}");
        let damaged = block("CERTIFICATE", "?");
        let error = Roots::from_pem(damaged.as_bytes()).unwrap_err();
        assert!(matches!(error, RootsError::NotPem(_)), "{error}");
    }
}
