//! What is observed of a program: stages, memory images, digests; pure data.
