//! The embedding interface of the VM and twinpy, its command line.
