//! The model: apps apart, views of one conversation, numbers in them, order and visibility.

pub(super) mod apps;
pub(super) mod order;
pub(super) mod seqs;
pub(super) mod views;
