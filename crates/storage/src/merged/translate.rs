//! From one symbol table to another.

use std::cmp::Ordering;
use std::sync::Arc;

use promqlite_model::{Label, Labels, Symbol, Symbols};

/// A label that all series of an input carry, whatever they had under that name.
#[derive(Clone, Debug)]
pub(super) struct ExtraLabel {
    pub(super) name: Arc<str>,
    pub(super) value: Arc<str>,
    pub(super) label: Label,
}

/// Translates symbols of one input for the time of one call; each distinct symbol is looked up once.
pub(super) struct Translator<'a> {
    from: &'a Symbols,
    to: &'a Symbols,
    extra: Option<&'a ExtraLabel>,
    known: hashbrown::HashMap<Symbol, Symbol, foldhash::fast::RandomState>,
    scratch: Vec<Label>,
}

impl<'a> Translator<'a> {
    pub(super) fn new(from: &'a Symbols, to: &'a Symbols, extra: Option<&'a ExtraLabel>) -> Self {
        Self { from, to, extra, known: hashbrown::HashMap::default(), scratch: Vec::new() }
    }

    /// The same labels in the other table, with the input's extra label.
    pub(super) fn labels(&mut self, labels: &Labels) -> Labels {
        self.scratch.clear();
        let mut extra = self.extra;
        for label in labels.iter() {
            if let Some(add) = extra {
                let order = self.from.get(label.name).cmp(&add.name);
                if order != Ordering::Less {
                    self.scratch.extend(Some(add.label).filter(is_present));
                    extra = None;
                }
                if order == Ordering::Equal {
                    continue;
                }
            }
            let translated = Label { name: self.symbol(label.name), value: self.symbol(label.value) };
            self.scratch.push(translated);
        }
        self.scratch.extend(extra.map(|add| add.label).filter(is_present));
        Labels::from_sorted(&self.scratch)
    }

    fn symbol(&mut self, symbol: Symbol) -> Symbol {
        *self.known.entry(symbol).or_insert_with(|| self.to.intern(self.from.get(symbol)))
    }
}

fn is_present(label: &Label) -> bool {
    label.value != Symbol::EMPTY
}
