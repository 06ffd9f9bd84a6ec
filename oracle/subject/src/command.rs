//! A subject given as a command line (`name=python3.13 {file}`), driven by a small Python script.
