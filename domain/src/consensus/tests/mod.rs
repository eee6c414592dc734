//! Tests of the consensus rules against slow models, public numbers and real crowds.

mod batch;
mod crowds;
mod online;
mod stop;
