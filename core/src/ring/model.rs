//! The ring, lock and wake protocols under a model checker (`make model`).
