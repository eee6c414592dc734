//! Tests of the consensus rules against slow models and public numbers.

mod stop;
