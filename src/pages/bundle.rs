//! What npm has built into `web/dist`: two documents, and files whose names hold a hash of their
//! content. A build without Node has none of it.

use std::{borrow::Cow, fmt::Write};

use rust_embed::{Embed, EmbeddedFile};

/// How many bytes of the hash tell two versions of a file apart.
const TAG: usize = 16;

#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// A file that pages load.
pub struct Asset {
    /// As it is.
    plain: EmbeddedFile,
    /// As it is sent to whoever reads gzip, which is shorter; not there where it would not be.
    gzip: Option<EmbeddedFile>,
}

/// One form of a file.
pub struct Form {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Names the content.
    pub etag: String,
    /// Whether the content is to be unpacked.
    pub packed: bool,
}

/// Whether the pages were built before the program was.
pub fn is_built() -> bool {
    Dist::get("playground.html").is_some()
}

/// A document, told where the service begins for a browser.
pub fn page(name: &str, base: &str) -> Option<String> {
    let page = Dist::get(name)?;
    Some(String::from_utf8_lossy(&page.data).replace("\"./assets/", &format!("\"{base}assets/")))
}

/// A file by its name.
pub fn asset(name: &str) -> Option<Asset> {
    let path = format!("assets/{name}");
    Some(Asset {
        plain: Dist::get(&path)?,
        gzip: Dist::get(&format!("{path}.gz")),
    })
}

impl Asset {
    /// The form that suits the client.
    pub fn form(self, reads_gzip: bool) -> Form {
        let (file, packed) = match self.gzip {
            Some(gzip) if reads_gzip => (gzip, true),
            _ => (self.plain, false),
        };
        Form {
            etag: etag(&file),
            bytes: file.data,
            packed,
        }
    }
}

fn etag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in file.metadata.sha256_hash().iter().take(TAG) {
        // Writing into a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}
