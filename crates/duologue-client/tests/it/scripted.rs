//! Servers that say one thing and nothing else.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What a server does with every connection after it has read the head of a request.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// Says this and closes.
    Say(&'static str),
    /// Says this and keeps the connection open.
    Hold(&'static str),
    /// Sends a body that does not end.
    Flood,
    /// Says this, then resets the connection.
    Reset(&'static str),
}

/// Follows `script` on every connection.
pub(crate) async fn serve(script: Script) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = vec![];
        while let Ok((mut socket, _)) = listener.accept().await {
            read_head(&mut socket).await;
            match script {
                Script::Say(text) => say(&mut socket, text).await,
                Script::Hold(text) => {
                    say(&mut socket, text).await;
                    held.push(socket);
                }
                Script::Flood => flood(&mut socket).await,
                Script::Reset(text) => {
                    say(&mut socket, text).await;
                    // Lets the text arrive before the reset overtakes it.
                    let _ = socket.read(&mut [0; 64]).await;
                    socket.set_zero_linger().unwrap();
                }
            }
        }
    });
    address
}

/// Answers one request; also tells what it was.
pub(crate) async fn serve_once(answer: &'static str) -> (SocketAddr, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await;
        say(&mut socket, answer).await;
        let _ = tell.send(head);
    });
    (address, told)
}

async fn say(socket: &mut TcpStream, text: &str) {
    let _ = socket.write_all(text.as_bytes()).await;
}

async fn flood(socket: &mut TcpStream) {
    say(socket, "HTTP/1.1 200 OK\r\n\r\n").await;
    let block = vec![b'x'; 1 << 20];
    while socket.write_all(&block).await.is_ok() {}
}

/// Reads to the empty line, or to the end.
pub(crate) async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}
