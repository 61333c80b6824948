//! Go's RE2 regular expressions as PromQL uses them: fully anchored matchers and label_replace templates.
