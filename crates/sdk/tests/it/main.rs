//! The client against a server that plays a script, and against a connection that breaks.

mod calls;
mod script;
mod streams;
