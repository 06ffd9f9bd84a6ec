//! Frames, the eval loop, calls, generators, import, tracebacks, sys and builtins.
