//! A server that is the reference server save for what a test changes.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What happens to a request.
pub(crate) enum Rule {
    /// It goes on, with another token if there is one; in the answer's body the first word becomes
    /// the second.
    Forward(Option<String>, Option<(&'static str, &'static str)>),
    /// It is answered with this status and JSON body.
    Answer(u16, &'static str),
}

impl Rule {
    /// It goes on as it is.
    pub(crate) const PASS: Self = Self::Forward(None, None);
}

/// Stands before `upstream` on a port of its own; `rule` gets the head of every request. Returns
/// the base URL.
pub(crate) fn proxy(
    upstream: SocketAddr,
    rule: impl Fn(&str) -> Rule + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let rule = Arc::new(rule);
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let rule = Arc::clone(&rule);
            // Whoever hangs up in between is of no interest.
            thread::spawn(move || drop(serve(socket, upstream, &*rule)));
        }
    });
    url
}

fn serve(
    mut client: TcpStream,
    upstream: SocketAddr,
    rule: &(dyn Fn(&str) -> Rule + Send + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let rule = rule(&head);
    let (token, rewrite) = match rule {
        Rule::Forward(token, rewrite) => (token, rewrite),
        Rule::Answer(status, body) => {
            let length = body.len();
            return write!(
                client,
                "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{body}"
            );
        }
    };
    let mut server = TcpStream::connect(upstream)?;
    // One request a connection: the next one has a head of its own to be looked at.
    let mut lines: Vec<String> = head
        .trim_end()
        .lines()
        .filter(|line| !line.to_lowercase().starts_with("connection:"))
        .map(str::to_owned)
        .collect();
    if let Some(token) = token {
        for line in &mut lines {
            if line.to_lowercase().starts_with("authorization:") {
                *line = format!("authorization: Bearer {token}");
            }
        }
    }
    write!(
        server,
        "{}\r\nconnection: close\r\n\r\n",
        lines.join("\r\n")
    )?;
    if let Some((from, to)) = rewrite {
        let mut answer = String::new();
        server.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let body = body.replace(from, to);
        let kept: Vec<&str> = head
            .lines()
            .filter(|line| !line.to_lowercase().starts_with("content-length:"))
            .collect();
        let (head, length) = (kept.join("\r\n"), body.len());
        return write!(client, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        // The end of either side is the end of both.
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    client.shutdown(Shutdown::Both)
}

/// Whether a head asks for this.
pub(crate) fn asks(head: &str, method_and_path: &str) -> bool {
    head.strip_prefix(method_and_path)
        .is_some_and(|rest| rest.starts_with([' ', '?']))
}
