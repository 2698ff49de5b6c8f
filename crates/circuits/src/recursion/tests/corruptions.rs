//! Each corruption of a trace and who refuses it.
