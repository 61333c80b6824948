//! Unicode classes and case folding as Go knows them.
//!
//! Go's tables are those of Unicode 15.0, ours are newer. Code points that came later are unassigned to Go, so every
//! class is cut down to the older repertoire.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// Canonical names of general categories and their aliases, each with the category it stands for.
const CATEGORIES: &[(&str, &str)] = &[
    ("C", "C"),
    ("Casedletter", "LC"),
    ("Cc", "Cc"),
    ("Cf", "Cf"),
    ("Closepunctuation", "Pe"),
    ("Cn", "Cn"),
    ("Cntrl", "Cc"),
    ("Co", "Co"),
    ("Combiningmark", "M"),
    ("Connectorpunctuation", "Pc"),
    ("Control", "Cc"),
    ("Cs", "Cs"),
    ("Currencysymbol", "Sc"),
    ("Dashpunctuation", "Pd"),
    ("Decimalnumber", "Nd"),
    ("Digit", "Nd"),
    ("Enclosingmark", "Me"),
    ("Finalpunctuation", "Pf"),
    ("Format", "Cf"),
    ("Initialpunctuation", "Pi"),
    ("L", "L"),
    ("Lc", "LC"),
    ("Letter", "L"),
    ("Letternumber", "Nl"),
    ("Lineseparator", "Zl"),
    ("Ll", "Ll"),
    ("Lm", "Lm"),
    ("Lo", "Lo"),
    ("Lowercaseletter", "Ll"),
    ("Lt", "Lt"),
    ("Lu", "Lu"),
    ("M", "M"),
    ("Mark", "M"),
    ("Mathsymbol", "Sm"),
    ("Mc", "Mc"),
    ("Me", "Me"),
    ("Mn", "Mn"),
    ("Modifierletter", "Lm"),
    ("Modifiersymbol", "Sk"),
    ("N", "N"),
    ("Nd", "Nd"),
    ("Nl", "Nl"),
    ("No", "No"),
    ("Nonspacingmark", "Mn"),
    ("Number", "N"),
    ("Openpunctuation", "Ps"),
    ("Other", "C"),
    ("Otherletter", "Lo"),
    ("Othernumber", "No"),
    ("Otherpunctuation", "Po"),
    ("Othersymbol", "So"),
    ("P", "P"),
    ("Paragraphseparator", "Zp"),
    ("Pc", "Pc"),
    ("Pd", "Pd"),
    ("Pe", "Pe"),
    ("Pf", "Pf"),
    ("Pi", "Pi"),
    ("Po", "Po"),
    ("Privateuse", "Co"),
    ("Ps", "Ps"),
    ("Punct", "P"),
    ("Punctuation", "P"),
    ("S", "S"),
    ("Sc", "Sc"),
    ("Separator", "Z"),
    ("Sk", "Sk"),
    ("Sm", "Sm"),
    ("So", "So"),
    ("Spaceseparator", "Zs"),
    ("Spacingmark", "Mc"),
    ("Surrogate", "Cs"),
    ("Symbol", "S"),
    ("Titlecaseletter", "Lt"),
    ("Unassigned", "Cn"),
    ("Uppercaseletter", "Lu"),
    ("Z", "Z"),
    ("Zl", "Zl"),
    ("Zp", "Zp"),
    ("Zs", "Zs"),
];

/// Canonical names of scripts. Go strips underscores from what is asked for but not from its own names, so scripts of
/// several words are out of reach.
const SCRIPTS: &[&str] = &[
    "Adlam",
    "Ahom",
    "Arabic",
    "Armenian",
    "Avestan",
    "Balinese",
    "Bamum",
    "Batak",
    "Bengali",
    "Bhaiksuki",
    "Bopomofo",
    "Brahmi",
    "Braille",
    "Buginese",
    "Buhid",
    "Carian",
    "Chakma",
    "Cham",
    "Cherokee",
    "Chorasmian",
    "Common",
    "Coptic",
    "Cuneiform",
    "Cypriot",
    "Cyrillic",
    "Deseret",
    "Devanagari",
    "Dogra",
    "Duployan",
    "Elbasan",
    "Elymaic",
    "Ethiopic",
    "Georgian",
    "Glagolitic",
    "Gothic",
    "Grantha",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hanunoo",
    "Hatran",
    "Hebrew",
    "Hiragana",
    "Inherited",
    "Javanese",
    "Kaithi",
    "Kannada",
    "Katakana",
    "Kawi",
    "Kharoshthi",
    "Khmer",
    "Khojki",
    "Khudawadi",
    "Lao",
    "Latin",
    "Lepcha",
    "Limbu",
    "Lisu",
    "Lycian",
    "Lydian",
    "Mahajani",
    "Makasar",
    "Malayalam",
    "Mandaic",
    "Manichaean",
    "Marchen",
    "Medefaidrin",
    "Miao",
    "Modi",
    "Mongolian",
    "Mro",
    "Multani",
    "Myanmar",
    "Nabataean",
    "Nandinagari",
    "Newa",
    "Nko",
    "Nushu",
    "Ogham",
    "Oriya",
    "Osage",
    "Osmanya",
    "Palmyrene",
    "Phoenician",
    "Rejang",
    "Runic",
    "Samaritan",
    "Saurashtra",
    "Sharada",
    "Shavian",
    "Siddham",
    "Sinhala",
    "Sogdian",
    "Soyombo",
    "Sundanese",
    "Syriac",
    "Tagalog",
    "Tagbanwa",
    "Takri",
    "Tamil",
    "Tangsa",
    "Tangut",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
    "Tifinagh",
    "Tirhuta",
    "Toto",
    "Ugaritic",
    "Vai",
    "Vithkuqi",
    "Wancho",
    "Yezidi",
    "Yi",
];

/// The one character whose category has changed since Go's version of Unicode, from Mn to Mc.
const ONCE_NONSPACING: char = '\u{1171e}';

/// The class that Go's `\p{name}` stands for, or `None` if Go knows no such class.
pub(crate) fn named_class(name: &str, ignore_case: bool) -> Option<ClassUnicode> {
    let name = canonical_name(name);
    let mut class = match name.as_str() {
        "Any" => range_class('\0', char::MAX),
        "Assigned" => assigned().clone(),
        "Ascii" => range_class('\0', '\x7f'),
        _ => match CATEGORIES.binary_search_by_key(&name.as_str(), |entry| entry.0) {
            // Go has no table of what folds to cased letters, so it leaves them alone.
            Ok(index) if CATEGORIES[index].1 == "LC" => return Some(category("LC")),
            Ok(index) => category(CATEGORIES[index].1),
            Err(_) => script(&name)?,
        },
    };
    if ignore_case {
        fold_case(&mut class);
    }
    Some(class)
}

/// Adds all code points that differ from one in `class` by case only, as Go's simple folding has it.
pub(crate) fn fold_case(class: &mut ClassUnicode) {
    if class.is_ascii() {
        class.case_fold_simple();
        return;
    }
    let mut folded = class.clone();
    folded.intersect(assigned());
    folded.case_fold_simple();
    folded.intersect(assigned());
    class.union(&folded);
}

/// Whether Go's `unicode.IsLetter` or `unicode.IsDigit` holds, or `c` is an underscore.
pub(crate) fn is_name_char(c: char) -> bool {
    static LETTERS_AND_DIGITS: OnceLock<ClassUnicode> = OnceLock::new();
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let class = LETTERS_AND_DIGITS.get_or_init(|| {
        let mut class = category("L");
        class.union(&category("Nd"));
        class
    });
    let after = class.ranges().partition_point(|range| range.start() <= c);
    after > 0 && c <= class.ranges()[after - 1].end()
}

/// A class of one range.
pub(crate) fn range_class(start: char, end: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(start, end)])
}

fn script(name: &str) -> Option<ClassUnicode> {
    SCRIPTS.binary_search(&name).ok()?;
    let mut class = property(&format!("sc={name}"));
    class.intersect(assigned());
    Some(class)
}

fn category(name: &str) -> ClassUnicode {
    let mut unassigned = assigned().clone();
    unassigned.negate();
    match name {
        "Cn" => unassigned,
        // Surrogates are not characters: no string holds one.
        "Cs" => ClassUnicode::empty(),
        "C" => {
            let mut class = category("Cc");
            class.union(&category("Cf"));
            class.union(&category("Co"));
            class.union(&unassigned);
            class
        }
        _ => {
            let mut class = property(&format!("gc={name}"));
            class.intersect(assigned());
            match name {
                "Mn" => class.push(ClassUnicodeRange::new(ONCE_NONSPACING, ONCE_NONSPACING)),
                "Mc" => class.difference(&range_class(ONCE_NONSPACING, ONCE_NONSPACING)),
                _ => {}
            }
            class
        }
    }
}

/// The code points that are assigned in Go's version of Unicode.
fn assigned() -> &'static ClassUnicode {
    static ASSIGNED: OnceLock<ClassUnicode> = OnceLock::new();
    ASSIGNED.get_or_init(|| {
        let mut class = property("age=15.0");
        class.difference(&property("gc=Cn"));
        class
    })
}

fn property(query: &str) -> ClassUnicode {
    let parsed = regex_syntax::parse(&format!(r"\p{{{query}}}"));
    let hir =
        parsed.expect("invariant: every name in the tables of Unicode classes is known to regex-syntax");
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) => class,
        // A class of one code point becomes a literal.
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).expect("invariant: a Unicode class yields UTF-8");
            text.chars().map(|c| ClassUnicodeRange::new(c, c)).fold(
                ClassUnicode::empty(),
                |mut class, range| {
                    class.push(range);
                    class
                },
            )
        }
        kind => unreachable!("invariant: a Unicode class yields a class, not {kind:?}"),
    }
}

/// The name without underscores, hyphens and spaces, its first letter in upper case and the others in lower case.
fn canonical_name(name: &str) -> String {
    let mut canonical = String::with_capacity(name.len());
    for c in name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')) {
        let cased = if canonical.is_empty() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        canonical.push(cased);
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_canonical() {
        assert!(CATEGORIES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(SCRIPTS.is_sorted_by(|a, b| a < b));
        for name in CATEGORIES.iter().map(|entry| entry.0).chain(SCRIPTS.iter().copied()) {
            assert_eq!(canonical_name(name), name);
        }
    }

    #[test]
    fn classes_hold_the_same_characters_as_in_go() {
        let table = include_str!("../tests/data/unicode_classes.tsv");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let mut differences = Vec::new();
        for row in rows {
            let (name, expected) = row.split_once('\t').expect("a name and what is known about it");
            let class = match name.strip_prefix("(?i)") {
                Some(name) => named_class(name, true),
                None => named_class(name, false),
            };
            let actual = class.as_ref().map_or_else(|| "-".to_owned(), count_and_hash);
            if actual != expected {
                differences.push(format!("{name}: {actual} instead of {expected}"));
            }
        }
        assert!(differences.is_empty(), "{differences:#?}");
    }

    /// The number of characters and the 64-bit FNV-1a hash of their UTF-8.
    fn count_and_hash(class: &ClassUnicode) -> String {
        let (mut count, mut hash) = (0, 0xcbf2_9ce4_8422_2325_u64);
        for c in class.ranges().iter().flat_map(|range| range.start()..=range.end()) {
            count += 1;
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        format!("{count}\t{hash:016x}")
    }
}
