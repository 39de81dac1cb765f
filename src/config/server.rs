//! Settings of the HTTP server: where it listens, who may call it, how long it waits.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser, value_parser};
use url::Url;

use super::{Environment, Problems};

/// Frontends of the legacy system on a developer's machine.
const DEVELOPMENT_ORIGINS: [&str; 4] = [
    "http://localhost:3000",
    "http://localhost:8000",
    "http://localhost:8080",
    "http://127.0.0.1:3000",
];

/// What a person wrote about the server.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerSettings {
    /// Address to listen on.
    #[arg(long, env = "HOST", global = true, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,

    /// Port to listen on.
    #[arg(long, env = "PORT", global = true, default_value_t = 8000)]
    pub port: u16,

    /// Address under which people reach the server; links in letters start with it [default:
    /// the address it listens on].
    #[arg(long, env = "PUBLIC_URL", global = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Origins of frontends that may call the server, separated by commas; `*` means any
    /// [default: localhost in development, none in production].
    #[arg(long, env = "ALLOWED_ORIGINS", global = true, value_name = "LIST")]
    pub allowed_origins: Option<String>,

    /// Whether `GET /graphql` opens the playground [default: on in development].
    #[arg(long, env = "PLAYGROUND", global = true, value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new())]
    pub playground: Option<bool>,

    /// Largest request body in bytes.
    #[arg(long, env = "MAX_BODY_BYTES", global = true, value_name = "N", default_value_t = 1 << 20)]
    #[arg(value_parser = value_parser!(u32).range(1024..), hide_short_help = true)]
    pub max_body_bytes: u32,

    /// After how many seconds a request is given up.
    #[arg(long, env = "REQUEST_TIMEOUT_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u64).range(1..), hide_short_help = true)]
    pub request_timeout_seconds: u64,

    /// How many seconds a client may take to send the head of a request, and may stay between two.
    #[arg(
        long,
        env = "HEADER_READ_TIMEOUT_SECONDS",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 30, value_parser = value_parser!(u64).range(1..), hide_short_help = true)]
    pub header_read_timeout_seconds: u64,

    /// How many connections may be open at once; more wait to be taken up.
    #[arg(long, env = "MAX_CONNECTIONS", global = true, value_name = "N")]
    #[arg(default_value_t = 10_000, value_parser = value_parser!(u32).range(1..))]
    #[arg(hide_short_help = true)]
    pub max_connections: u32,

    /// How many seconds requests and jobs in hand may take to finish when the process is stopped.
    #[arg(long, env = "SHUTDOWN_GRACE_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 10, hide_short_help = true)]
    pub shutdown_grace_seconds: u64,
}

/// The HTTP server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on.
    pub port: u16,
    /// Address under which people reach it; the path ends with a slash.
    pub public_url: Url,
    /// Whether somebody said so, or it was made up from where the server listens.
    pub public_url_given: bool,
    /// Who may call it from a browser.
    pub allowed_origins: Origins,
    /// Largest body of a request.
    pub max_body_bytes: usize,
    /// When a request is given up.
    pub request_timeout: Duration,
    /// When a connection is given up that does not send the head of a request.
    pub header_read_timeout: Duration,
    /// How many connections may be open at once.
    pub max_connections: usize,
    /// How long a stopping process waits for what is in hand.
    pub shutdown_grace: Duration,
    /// Whether the playground is served.
    pub playground: bool,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Where somebody on the same machine reaches it.
    pub fn reachable(&self) -> SocketAddr {
        SocketAddr::new(reachable(self.host), self.port)
    }
}

/// Origins that browsers may call from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any at all.
    Any,
    /// These, each as a browser writes it: `scheme://host[:port]`.
    List(Vec<String>),
}

impl ServerSettings {
    /// Where somebody on the same machine reaches it.
    pub fn reachable(&self) -> SocketAddr {
        SocketAddr::new(reachable(self.host), self.port)
    }

    /// Checks and completes.
    pub(super) fn resolve(self, environment: Environment, problems: &mut Problems) -> Server {
        let public_url_given = self
            .public_url
            .as_ref()
            .is_some_and(|url| !url.trim().is_empty());
        Server {
            public_url: public_url(self.public_url.as_deref(), (self.host, self.port), problems),
            public_url_given,
            allowed_origins: origins(self.allowed_origins.as_deref(), environment, problems),
            host: self.host,
            port: self.port,
            max_body_bytes: self.max_body_bytes as usize,
            request_timeout: Duration::from_secs(self.request_timeout_seconds),
            header_read_timeout: Duration::from_secs(self.header_read_timeout_seconds),
            max_connections: self.max_connections as usize,
            shutdown_grace: Duration::from_secs(self.shutdown_grace_seconds),
            playground: self.playground.unwrap_or(!environment.is_production()),
        }
    }
}

fn public_url(given: Option<&str>, (host, port): (IpAddr, u16), problems: &mut Problems) -> Url {
    let own = Url::parse(&format!(
        "http://{}/",
        SocketAddr::new(reachable(host), port)
    ))
    .expect("a socket address makes a URL");
    match given.map(str::trim).filter(|text| !text.is_empty()) {
        None => own,
        Some(text) => web_url(text).unwrap_or_else(|advice| {
            problems.add("PUBLIC_URL", advice);
            own
        }),
    }
}

/// Nobody can open 0.0.0.0; whoever listens there is reached by localhost too.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

/// Reads an http(s) URL without query and fragment, and ends its path with a slash.
fn web_url(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must start with http:// or https://".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with its path: no `?` and no `#`".into());
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn origins(given: Option<&str>, environment: Environment, problems: &mut Problems) -> Origins {
    let Some(given) = given else {
        let defaults = if environment.is_production() {
            &[][..]
        } else {
            &DEVELOPMENT_ORIGINS
        };
        return Origins::List(defaults.iter().map(ToString::to_string).collect());
    };
    let mut list = Vec::new();
    for origin in given
        .split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
    {
        if origin == "*" {
            if environment.is_production() {
                let advice = "`*` lets every web page call the API; name the frontends' origins";
                problems.add("ALLOWED_ORIGINS", advice);
            }
            return Origins::Any;
        }
        match Url::parse(origin).map(|url| (url.path() == "/", url.origin())) {
            Ok((true, origin)) if origin.is_tuple() => list.push(origin.ascii_serialization()),
            _ => problems.add(
                "ALLOWED_ORIGINS",
                format!("`{origin}` is not an origin; write it like https://app.example.com"),
            ),
        }
    }
    Origins::List(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str, environment: Environment) -> (Origins, Problems) {
        let mut problems = Problems::default();
        (origins(Some(given), environment, &mut problems), problems)
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        let (origins, problems) = read(
            " https://App.example.com/, http://localhost:80 ,",
            Environment::Production,
        );
        assert!(problems.is_empty(), "{problems}");
        let expected = ["https://app.example.com", "http://localhost"]
            .map(String::from)
            .to_vec();
        assert_eq!(origins, Origins::List(expected));
    }

    #[test]
    fn a_star_is_refused_in_production_only() {
        assert_eq!(
            read("*", Environment::Development),
            (Origins::Any, Problems::default())
        );
        assert!(
            !read("https://a.example,*", Environment::Production)
                .1
                .is_empty()
        );
    }

    #[test]
    fn a_page_is_not_an_origin() {
        for origin in [
            "https://example.com/app",
            "example.com",
            "file:///etc",
            "null",
        ] {
            assert!(
                !read(origin, Environment::Development).1.is_empty(),
                "{origin}"
            );
        }
    }

    #[test]
    fn the_public_address_keeps_its_path() {
        assert_eq!(
            web_url("https://example.com/erp").unwrap().as_str(),
            "https://example.com/erp/"
        );
        assert!(web_url("ftp://example.com").is_err());
        assert!(web_url("https://example.com/?a=1").is_err());
    }
}
