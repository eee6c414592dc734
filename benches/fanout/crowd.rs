//! Many watchers in one thread, and one publisher; what the server pays for them is read from /proc.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream as StdStream;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// What every publication has once.
const MARK: &[u8] = b"\"pub\":{";

/// What is kept of the last read, because a mark may be cut in two.
const TAIL: usize = MARK.len() - 1;

/// What one phase cost.
pub struct Measured {
    pub cpu_s_per_million: f64,
    pub per_second: f64,
}

pub struct Crowd {
    poll: Poll,
    watchers: Vec<(TcpStream, [u8; TAIL])>,
    publisher: StdStream,
    server: u32,
    rss_before: f64,
    buffer: Vec<u8>,
    events: Events,
}

fn frame(payload: &str) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut out = vec![0x81];
    if length < 126 {
        out.push(0x80 | length.to_be_bytes()[1]);
    } else {
        out.push(0xfe);
        out.extend(length.to_be_bytes());
    }
    // A mask of zeroes is a mask.
    out.extend([0; 4]);
    out.extend(payload.as_bytes());
    out
}

fn open(port: u16, hello: &[u8], answers: usize) -> StdStream {
    let mut stream = StdStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!(
        "GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 2048];
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the handshake was refused");
        answer.extend_from_slice(&chunk[..count]);
    }
    stream.write_all(hello).unwrap();
    while answer.windows(11).filter(|window| window == b"\"subscribe\"").count() < answers {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the subscription was refused");
        answer.extend_from_slice(&chunk[..count]);
    }
    stream
}

fn kib(server: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{server}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn cpu_seconds(server: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{server}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

impl Crowd {
    /// Connects, signs in and subscribes so many watchers, and one publisher.
    pub fn connect(port: u16, server: u32, count: usize) -> Self {
        let subscribe = "{\"id\":2,\"subscribe\":{\"channel\":\"bench:1\"}}";
        // A first one, so that what is allocated once is not counted as a watcher's.
        drop(open(port, &[frame("{\"id\":1,\"connect\":{\"token\":\"1\"}}"), frame(subscribe)].concat(), 1));
        let publisher = open(port, &frame("{\"id\":1,\"connect\":{\"token\":\"1\"}}"), 0);
        let poll = Poll::new().unwrap();
        let rss_before = kib(server);
        let mut watchers = Vec::with_capacity(count);
        for number in 0..count {
            let hello = frame(&format!("{{\"id\":1,\"connect\":{{\"token\":\"{number}\"}}}}\n{subscribe}"));
            let stream = open(port, &hello, 1);
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).unwrap();
            watchers.push((stream, [0; TAIL]));
        }
        let (buffer, events) = (vec![0; 256 * 1024], Events::with_capacity(1024));
        Self { poll, watchers, publisher, server, rss_before, buffer, events }
    }

    /// The server's resident memory per watcher, everybody being idle.
    pub fn kib_per_connection(&self) -> f64 {
        std::thread::sleep(Duration::from_secs(1));
        (kib(self.server) - self.rss_before) / self.watchers.len() as f64
    }

    /// Publishes for so long, with at most `window` publications that not everybody has; then waits for all.
    pub fn flat_out(&mut self, window: usize, time: Duration) -> Measured {
        let everybody = self.watchers.len();
        let publish =
            frame(&format!("{{\"id\":3,\"publish\":{{\"channel\":\"bench:1\",\"data\":{{\"x\":\"{}\"}}}}}}", "x".repeat(190)));
        self.publisher.set_nonblocking(true).unwrap();
        let (started, cpu_before) = (Instant::now(), cpu_seconds(self.server));
        let (mut published, mut delivered) = (0, 0);
        loop {
            let complete = delivered / everybody;
            if started.elapsed() < time {
                while published < complete + window {
                    (&self.publisher).write_all(&publish).unwrap();
                    published += 1;
                }
            } else if complete == published {
                break;
            }
            assert!(started.elapsed() < time + Duration::from_secs(60), "{delivered} of {} came", published * everybody);
            delivered += self.read();
        }
        let seconds = started.elapsed().as_secs_f64();
        let millions = delivered as f64 / 1e6;
        Measured {
            cpu_s_per_million: (cpu_seconds(self.server) - cpu_before) / millions,
            per_second: delivered as f64 / seconds,
        }
    }

    /// Reads what is there; how many publications it was.
    fn read(&mut self) -> usize {
        let finder = Finder::new(MARK);
        let mut count = 0;
        self.poll.poll(&mut self.events, Some(Duration::from_millis(100))).unwrap();
        for event in &self.events {
            let (stream, tail) = &mut self.watchers[event.token().0];
            loop {
                match stream.read(&mut self.buffer[TAIL..]) {
                    Ok(0) => panic!("the server closed a watcher"),
                    Ok(bytes) => {
                        self.buffer[..TAIL].copy_from_slice(tail);
                        let text = &self.buffer[..TAIL + bytes];
                        count += finder.find_iter(text).count();
                        tail.copy_from_slice(&text[bytes..]);
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        while matches!((&self.publisher).read(&mut self.buffer), Ok(bytes) if bytes > 0) {}
        count
    }
}
