//! `[http]`: where and how the server listens.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// Where and how the server listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HttpSettings {
    /// The address to listen on.
    pub bind: SocketAddr,
    /// Threads for requests; 0 is half of the cores.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed: addresses or networks.
    pub trusted_proxies: Vec<Network>,
    /// The origin that people see; empty when it is the request's host.
    pub public_url: String,
    /// How long a client may take for the head of a request, in s.
    pub client_request_timeout_s: u64,
    /// How long an idle connection is kept, in s.
    pub keep_alive_s: u64,
}

impl HttpSettings {
    /// How many threads answer requests.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        if self.workers == 0 { half_the_cores() } else { self.workers }
    }

    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if !self.public_url.is_empty() && !self.public_url.starts_with("http") {
            return Err(BadSettings::value("http.public_url", "it must begin with https:// or http://"));
        }
        at_least("http.client_request_timeout_s", self.client_request_timeout_s, 1)
    }
}

/// Half of the machine's cores, at least one: requests, sockets and the engine share the machine.
#[must_use]
pub fn half_the_cores() -> usize {
    (std::thread::available_parallelism().map_or(1, NonZeroUsize::get) / 2).max(1)
}

/// A range of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(network).checked_shr(shift).unwrap_or(0) == u32::from(address).checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(network).checked_shr(shift).unwrap_or(0) == u128::from(address).checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.as_str(), None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest { Err(wrong()) } else { Ok(Self { address, prefix }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, String> {
        Network::try_from(text.to_owned())
    }

    #[test]
    fn networks_contain_their_addresses_only() {
        let ten = network("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.200.3.4".parse().unwrap()));
        assert!(ten.contains("::ffff:10.1.1.1".parse().unwrap()), "mapped addresses are the same machine");
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(!ten.contains("::1".parse().unwrap()));
        let one = network("::1").unwrap();
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        assert!(network("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn other_texts_are_no_networks() {
        for text in ["", "ten", "10.0.0.0/33", "10.0.0.0/x", "::1/129"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
