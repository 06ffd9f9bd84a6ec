//! The C library's locale at start (`Python/pylifecycle.c`, PEP 538).

use std::ffi::CStr;

/// The locales that stand in for "C", the first that exists.
const TARGETS: [&CStr; 3] = [c"C.UTF-8", c"C.utf8", c"UTF-8"];

/// Takes `LC_CTYPE` from the environment. Where that is "C", it is coerced to a locale with UTF-8, for processes that
/// this one starts too, unless `LC_ALL` or `PYTHONCOERCECLOCALE=0` forbids it. To be called while there is one thread.
pub fn take_from_environment(ignore_variables: bool) {
    // SAFETY: one thread, as asked for; the texts end with NUL.
    unsafe {
        let found = libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let plain = !found.is_null() && CStr::from_ptr(found) == c"C";
        let forbidden = !ignore_variables
            && std::env::var_os("PYTHONCOERCECLOCALE").is_some_and(|value| value == "0");
        let fixed = std::env::var_os("LC_ALL").is_some_and(|value| !value.is_empty());
        if !plain || forbidden || fixed {
            return;
        }
        for target in TARGETS {
            if !libc::setlocale(libc::LC_CTYPE, target.as_ptr()).is_null() {
                libc::setenv(c"LC_CTYPE".as_ptr(), target.as_ptr(), 1);
                libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
                return;
            }
        }
    }
}
