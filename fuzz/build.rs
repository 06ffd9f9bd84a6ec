//! Sets the run path to the library of the CPython that the oracle was built for.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=TWINHEAP_PYTHON");
    let finder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cargo/find-python");
    let script = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))";
    let output = Command::new(finder).args(["-I", "-c", script]).output();
    if let Ok(output) = output {
        let folder = String::from_utf8_lossy(&output.stdout);
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.trim());
    }
}
