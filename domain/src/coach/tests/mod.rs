mod citation;
mod extract;
mod prompt;
