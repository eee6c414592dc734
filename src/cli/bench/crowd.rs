//! Many raw connections to the live protocol on one thread: as little client as possible, so that what is measured is
//! the server.
//!
//! A crowd knows frames, not their meaning: its user gives the commands and reads the payloads. Heartbeats are answered
//! here. Connections come from several loopback addresses, so that ten thousand of them, twice, do not run out of ports.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use super::wire;

/// Handshakes under way at once.
const HANDSHAKES: usize = 128;
/// How many loopback addresses connections come from.
const SOURCES: u8 = 8;
const BUFFER_BYTES: usize = 256 * 1024;

/// What a member of the crowd is told.
#[derive(Debug)]
pub enum Told<'a> {
    /// It is connected and may send.
    Open,
    /// A text frame came.
    Frame(&'a [u8]),
    /// The server closed the connection, with a close code where it gave one.
    Closed(Option<u16>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Away,
    Connecting,
    Shaking,
    Open,
}

#[derive(Debug)]
struct Member {
    stream: Option<TcpStream>,
    phase: Phase,
    /// An unfinished frame's beginning.
    rest: Vec<u8>,
    /// What the socket did not take yet.
    unsent: Vec<u8>,
    /// Does not read: the kernel's buffers fill up, then the server's.
    stuck: bool,
}

/// The connections.
#[derive(Debug)]
pub struct Crowd {
    poll: Poll,
    events: Events,
    server: SocketAddrV4,
    members: Vec<Member>,
    queue: VecDeque<usize>,
    under_way: usize,
    buffer: Vec<u8>,
}

impl Crowd {
    /// A crowd of `count`, nobody connected yet.
    ///
    /// # Errors
    /// When the machine gives no poll.
    pub fn new(server: SocketAddrV4, count: usize) -> io::Result<Self> {
        let member = || Member { stream: None, phase: Phase::Away, rest: Vec::new(), unsent: Vec::new(), stuck: false };
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(4096),
            server,
            members: (0..count).map(|_| member()).collect(),
            queue: VecDeque::new(),
            under_way: 0,
            buffer: vec![0; BUFFER_BYTES],
        })
    }

    /// How many there are, connected or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// This member stops reading for ever.
    pub fn get_stuck(&mut self, who: usize) {
        if let Some(member) = self.members.get_mut(who) {
            member.stuck = true;
        }
    }

    /// Those who were stuck read again.
    pub fn read_again(&mut self) {
        let mut members = std::mem::take(&mut self.members);
        for (who, member) in members.iter_mut().enumerate().filter(|(_, member)| member.stuck) {
            member.stuck = false;
            // Readiness is told once: ask for it anew.
            if let Some(stream) = member.stream.as_mut() {
                let interest = Interest::READABLE | Interest::WRITABLE;
                let _ = self.poll.registry().reregister(stream, Token(who), interest);
            }
        }
        self.members = members;
    }

    /// The server it belongs to.
    #[must_use]
    pub fn server(&self) -> SocketAddrV4 {
        self.server
    }

    /// Everybody connects, some at a time; [`Told::Open`] tells who is.
    pub fn connect_all(&mut self) {
        self.connect(0..self.members.len());
    }

    /// These connect, again where they were cut.
    pub fn connect(&mut self, who: std::ops::Range<usize>) {
        self.queue.extend(who);
    }

    /// Cuts one off, as a bad network would.
    pub fn cut(&mut self, who: usize) {
        if let Some(member) = self.members.get_mut(who) {
            member.stream = None;
            member.phase = Phase::Away;
            member.rest.clear();
            member.unsent.clear();
        }
    }

    /// Sends a text frame, now or as soon as the socket takes it.
    pub fn send(&mut self, who: usize, text: &str) {
        if let Some(member) = self.members.get_mut(who).filter(|member| member.phase == Phase::Open) {
            wire::write_text(&mut member.unsent, text);
            member.flush();
        }
    }

    /// Waits at most `limit` for something to happen and tells it.
    ///
    /// # Errors
    /// When polling or opening a socket fails; a single broken connection is told as [`Told::Closed`].
    pub fn turn(&mut self, limit: Duration, mut tell: impl FnMut(&mut Self, usize, Told<'_>)) -> io::Result<()> {
        self.start_some()?;
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(1));
        match self.poll.poll(&mut events, Some(limit)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for event in &events {
            let who = event.token().0;
            if event.is_writable() {
                self.writable(who);
            }
            if event.is_readable() || event.is_read_closed() || event.is_error() {
                self.read(who, &mut tell);
            }
        }
        self.events = events;
        Ok(())
    }

    fn start_some(&mut self) -> io::Result<()> {
        while self.under_way < HANDSHAKES {
            let Some(who) = self.queue.pop_front() else { return Ok(()) };
            let stuck = self.members.get(who).is_some_and(|member| member.stuck);
            let mut stream = connect(self.server, who, stuck)?;
            self.poll.registry().register(&mut stream, Token(who), Interest::READABLE | Interest::WRITABLE)?;
            if let Some(member) = self.members.get_mut(who) {
                member.stream = Some(stream);
                member.phase = Phase::Connecting;
                self.under_way = self.under_way.saturating_add(1);
            }
        }
        Ok(())
    }

    fn writable(&mut self, who: usize) {
        let request = wire::upgrade_request(self.server);
        let Some(member) = self.members.get_mut(who) else { return };
        if member.phase == Phase::Connecting {
            member.phase = Phase::Shaking;
            member.unsent.extend_from_slice(request.as_bytes());
        }
        member.flush();
    }

    fn read(&mut self, who: usize, tell: &mut impl FnMut(&mut Self, usize, Told<'_>)) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(member) = self.members.get_mut(who) {
            if member.stuck && member.phase == Phase::Open {
                break;
            }
            let Some(stream) = member.stream.as_mut() else { break };
            match stream.read(&mut buffer) {
                Ok(0) => {
                    self.close(who, None, tell);
                    break;
                }
                Ok(count) => {
                    let full = count == buffer.len();
                    let bytes = buffer.get(..count).unwrap_or_default();
                    self.take(who, bytes, tell);
                    if !full {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.close(who, None, tell);
                    break;
                }
            }
        }
        self.buffer = buffer;
    }

    fn take(&mut self, who: usize, bytes: &[u8], tell: &mut impl FnMut(&mut Self, usize, Told<'_>)) {
        let Some(member) = self.members.get_mut(who) else { return };
        // Most reads hold whole frames: only what is left over is kept.
        let joined;
        let mut left = if member.rest.is_empty() {
            bytes
        } else {
            let mut rest = std::mem::take(&mut member.rest);
            rest.extend_from_slice(bytes);
            joined = rest;
            &joined
        };
        if member.phase == Phase::Shaking {
            match wire::upgrade_response(left) {
                wire::Upgrade::Partial => {}
                wire::Upgrade::Refused => return self.close(who, None, tell),
                wire::Upgrade::Done(used) => {
                    member.phase = Phase::Open;
                    self.under_way = self.under_way.saturating_sub(1);
                    left = left.get(used..).unwrap_or_default();
                    tell(self, who, Told::Open);
                }
            }
        }
        while self.members.get(who).is_some_and(|member| member.phase == Phase::Open) {
            let Some((frame, used)) = wire::read_frame(left) else { break };
            left = left.get(used..).unwrap_or_default();
            match frame {
                wire::Frame::Text(b"{}") => self.send(who, "{}"),
                wire::Frame::Text(payload) => tell(self, who, Told::Frame(payload)),
                wire::Frame::Close(code) => return self.close(who, code, tell),
                wire::Frame::Other => {}
            }
        }
        if let Some(member) = self.members.get_mut(who) {
            member.rest.extend_from_slice(left);
        }
    }

    fn close(&mut self, who: usize, code: Option<u16>, tell: &mut impl FnMut(&mut Self, usize, Told<'_>)) {
        let Some(member) = self.members.get_mut(who) else { return };
        if matches!(member.phase, Phase::Connecting | Phase::Shaking) {
            self.under_way = self.under_way.saturating_sub(1);
        }
        member.stream = None;
        member.phase = Phase::Away;
        member.rest.clear();
        member.unsent.clear();
        tell(self, who, Told::Closed(code));
    }
}

impl Member {
    fn flush(&mut self) {
        if let Some(stream) = self.stream.as_mut() {
            flush(stream, &mut self.unsent);
        }
    }
}

/// Sends as much as the socket takes.
pub(super) fn flush(stream: &mut TcpStream, unsent: &mut Vec<u8>) {
    while !unsent.is_empty() {
        match stream.write(unsent) {
            Ok(count) => drop(unsent.drain(..count)),
            // A broken connection is noticed by the read that follows.
            Err(_) => return,
        }
    }
}

/// Begins a connection from one of several loopback addresses; a stuck member gets the smallest receive buffer.
pub(super) fn connect(server: SocketAddrV4, who: usize, stuck: bool) -> io::Result<TcpStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    if server.ip().is_loopback() {
        let source = u8::try_from(who % usize::from(SOURCES)).unwrap_or(0).saturating_add(2);
        rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::new(127, 0, 0, source), 0)))?;
    }
    if stuck {
        sockopt::set_socket_recv_buffer_size(&socket, 4096)?;
    }
    sockopt::set_tcp_nodelay(&socket, true)?;
    match rustix::net::connect(&socket, &SocketAddr::V4(server)) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(TcpStream::from_std(socket.into())),
        Err(error) => Err(error.into()),
    }
}
