//! Where the checks are run: a connection to the node that is tried, and one to another node.

use redis::{Client, Connection, RedisResult, cmd};

pub struct Place {
    pub entry: u16,
    other: u16,
    pub protocol: u8,
    pub is_triad: bool,
    pub client: Connection,
    pub away: Connection,
}

/// Every value that a byte can have.
pub fn any_bytes() -> Vec<u8> {
    (0..=255).collect()
}

impl Place {
    pub fn new(entry: &str, other: &str, protocol: &str, kind: &str) -> Self {
        let number = |text: &str| text.parse().expect("a port");
        let (entry, other) = (number(entry), number(other));
        let protocol = protocol.parse().expect("2 or 3");
        Self {
            entry,
            other,
            protocol,
            is_triad: kind == "triad",
            client: connection(entry, protocol),
            away: connection(other, protocol),
        }
    }

    /// Replaces both connections.
    pub fn connect_anew(&mut self) {
        self.client = connection(self.entry, self.protocol);
        self.away = connection(self.other, self.protocol);
    }

    /// A client of the node that is tried.
    pub fn open(&self) -> RedisResult<Client> {
        client(self.entry, self.protocol)
    }

    /// Another connection to the node that is tried.
    pub fn connect(&self) -> RedisResult<Connection> {
        self.open()?.get_connection()
    }

    fn owner(&mut self, key: &str) -> RedisResult<String> {
        if self.is_triad {
            return cmd("TRIAD").arg("OWNER").arg(key).query(&mut self.client);
        }
        Ok("redis".to_owned())
    }

    /// Keys that one node owns.
    pub fn together<const COUNT: usize>(&mut self, stem: &str) -> RedisResult<[String; COUNT]> {
        let wanted = self.owner(&format!("{stem}:0"))?;
        let mut keys = Vec::new();
        for n in 0.. {
            let key = format!("{stem}:{n}");
            if self.owner(&key)? == wanted {
                keys.push(key);
            }
            if keys.len() == COUNT {
                break;
            }
        }
        Ok(keys.try_into().expect("as many as were wanted"))
    }

    /// Two keys of two owners, and these.
    pub fn apart(&mut self, stem: &str) -> RedisResult<([String; 2], [String; 2])> {
        let first = format!("{stem}:0");
        let owner = self.owner(&first)?;
        let mut n = 1;
        loop {
            let second = format!("{stem}:{n}");
            let other = self.owner(&second)?;
            if other != owner {
                return Ok(([first, second], [owner, other]));
            }
            n += 1;
        }
    }
}

fn client(port: u16, protocol: u8) -> RedisResult<Client> {
    Client::open(format!(
        "redis://127.0.0.1:{port}/0?protocol=resp{protocol}"
    ))
}

fn connection(port: u16, protocol: u8) -> Connection {
    let connected = client(port, protocol).and_then(|client| client.get_connection());
    connected.expect("a connection to the node")
}
