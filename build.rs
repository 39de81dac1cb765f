//! Says when the pages of `web/dist` have to be embedded anew. They are built by npm, if at all.

fn main() {
    // Cargo takes a path that is not there for a change each time, so it watches the folder above
    // until there is one.
    let dist = "web/dist";
    let watched = if std::path::Path::new(dist).is_dir() {
        dist
    } else {
        "web"
    };
    println!("cargo::rerun-if-changed={watched}");
}
