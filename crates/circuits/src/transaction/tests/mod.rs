//! Each corruption and the constraint that names it.
