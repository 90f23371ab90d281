//! The client machine, driven against the core's own server machine.

mod connecting;
mod device;
mod matrix;
mod network;
mod random;
mod reading;
mod receiving;
mod sending;
mod six_steps;
