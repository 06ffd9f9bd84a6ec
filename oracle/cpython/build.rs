//! Passes facts about the interpreter found at build time to the worker, and sets the run path to its library.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo:rustc-check-cfg=cfg(twinheap_raw_layout)");
    println!("cargo:rerun-if-env-changed=TWINHEAP_PYTHON");
    println!("cargo:rerun-if-env-changed=TWINHEAP_PYTHON_SERIES");
    let config = pyo3_build_config::get();
    // A module that an interpreter imports finds the interpreter's functions in the process.
    println!("cargo:rerun-if-env-changed=PYO3_BUILD_EXTENSION_MODULE");
    let is_module = std::env::var_os("PYO3_BUILD_EXTENSION_MODULE").is_some();
    if let Some(directory) = config.lib_dir()
        && !is_module
    {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{directory}");
    }
    let facts = config
        .run_python_script("import sys; print(sys.base_prefix); print(sys.executable); print(sys.version.replace(chr(10), ' ')); print(sys.hexversion)")
        .expect("the interpreter that PyO3 found does not run");
    let facts: Vec<&str> = facts.lines().collect();
    println!("cargo:rustc-env=TWINHEAP_PYTHON_PREFIX={}", facts[0]);
    println!("cargo:rustc-env=TWINHEAP_PYTHON_EXECUTABLE={}", facts[1]);
    println!("cargo:rustc-env=TWINHEAP_PYTHON_VERSION={}", facts[2]);
    let hex: u32 = facts[3].parse().expect("sys.hexversion is a number");
    // The structs of twinheap-abi are those of 3.11.
    if hex >> 16 == 0x030b {
        println!("cargo:rustc-cfg=twinheap_raw_layout");
    }
}
