"""The abstract execution of a module: values, frames, and what is known of the libraries."""
