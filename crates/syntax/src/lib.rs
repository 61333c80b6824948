//! PromQL text to syntax tree and back: lexer, grammar, printer, diagnostics.
