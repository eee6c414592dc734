//! Tests of the consensus rules against slow models, public numbers and real crowds.

mod agreement;
mod batch;
mod crowd_kit;
mod crowds;
mod ocr;
mod online;
mod stop;
