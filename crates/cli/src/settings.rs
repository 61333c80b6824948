//! What can be set: at the prompt, in the configuration file, and by flags. One table.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::result_format::ResultFormat;
use crate::terminal::{self, Colour};
use crate::time::{parse_step, show_length};

/// The settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// How results are shown; `None` leaves it to where they are shown.
    pub(crate) mode: Option<ResultFormat>,
    /// Whether the time that a query took is shown.
    pub(crate) timer: bool,
    /// Whether it is shown what a query read and used.
    pub(crate) stats: bool,
    /// Distance of the steps of ranges that name none, ms; `None` picks one by the length of the range.
    pub(crate) step: Option<i64>,
    /// When colours are used.
    pub(crate) colour: Colour,
    /// Whether answers that are longer than the screen go through the pager.
    pub(crate) pager: Switch,
    /// Whether arguments are shown while a call is typed.
    pub(crate) hints: Switch,
    /// Whether doubts about a query are told below its answer.
    pub(crate) lints: Switch,
    /// The keys of the line editor.
    pub(crate) editing: Editing,
}

/// Something that is on unless it is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

impl Default for Switch {
    fn default() -> Self {
        Self(true)
    }
}

/// The keys of the line editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Editing {
    /// As in Emacs and most shells.
    #[default]
    Emacs,
    /// As in vi.
    Vi,
}

/// Something that can be set.
pub(crate) struct Setting {
    /// Its name.
    pub(crate) name: &'static str,
    /// The values that it can have.
    pub(crate) values: &'static str,
    /// What it decides, in one line.
    pub(crate) summary: &'static str,
    /// The value as it would be written.
    pub(crate) get: fn(&Settings) -> String,
    set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// All settings, sorted by name.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        name: "color",
        values: "auto|always|never",
        summary: "When colours are used",
        get: |settings| settings.colour.name().to_owned(),
        set: |settings, text| {
            settings.colour = Colour::from_name(text).ok_or("expected auto, always or never")?;
            terminal::set_colour(settings.colour);
            Ok(())
        },
    },
    Setting {
        name: "editing",
        values: "emacs|vi",
        summary: "Keys of the line editor; counts from the next start on",
        get: |settings| if settings.editing == Editing::Vi { "vi" } else { "emacs" }.to_owned(),
        set: |settings, text| {
            settings.editing = match text {
                "emacs" => Editing::Emacs,
                "vi" => Editing::Vi,
                _ => return Err("expected emacs or vi".into()),
            };
            Ok(())
        },
    },
    Setting {
        name: "hints",
        values: "on|off",
        summary: "Whether a call's arguments are shown while it is typed",
        get: |settings| on_off(settings.hints.0),
        set: |settings, text| parse_on_off(text).map(|on| settings.hints = Switch(on)),
    },
    Setting {
        name: "lints",
        values: "on|off",
        summary: "Whether doubts about a query are told below its answer",
        get: |settings| on_off(settings.lints.0),
        set: |settings, text| parse_on_off(text).map(|on| settings.lints = Switch(on)),
    },
    Setting {
        name: "mode",
        values: ResultFormat::NAMES,
        summary: "Form of results",
        get: |settings| settings.mode.map_or("default", ResultFormat::name).to_owned(),
        set: |settings, text| {
            settings.mode = match text {
                "default" => None,
                name => Some(ResultFormat::parse(name)?),
            };
            Ok(())
        },
    },
    Setting {
        name: "pager",
        values: "on|off",
        summary: "Whether answers that are longer than the screen go through PROMQLITE_PAGER, PAGER or less",
        get: |settings| on_off(settings.pager.0),
        set: |settings, text| parse_on_off(text).map(|on| settings.pager = Switch(on)),
    },
    Setting {
        name: "stats",
        values: "on|off",
        summary: "Whether it is shown what a query read and used",
        get: |settings| on_off(settings.stats),
        set: |settings, text| parse_on_off(text).map(|on| settings.stats = on),
    },
    Setting {
        name: "step",
        values: "auto|DURATION",
        summary: "Distance of the steps of ranges that name none",
        get: |settings| settings.step.map_or_else(|| "auto".to_owned(), show_length),
        set: |settings, text| {
            settings.step = if text == "auto" { None } else { Some(parse_step(text)?) };
            Ok(())
        },
    },
    Setting {
        name: "timer",
        values: "on|off",
        summary: "Whether the time that a query took is shown",
        get: |settings| on_off(settings.timer),
        set: |settings, text| parse_on_off(text).map(|on| settings.timer = on),
    },
];

fn on_off(on: bool) -> String {
    if on { "on" } else { "off" }.to_owned()
}

fn parse_on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".into()),
    }
}

/// The setting of this name.
pub(crate) fn find(name: &str) -> Result<&'static Setting, String> {
    SETTINGS.iter().find(|setting| setting.name == name).ok_or_else(|| {
        let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
        format!("there is no setting `{name}`; known are {}", known.join(", "))
    })
}

impl Settings {
    /// Sets one of them; colours change for the whole program at once.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let setting = find(name)?;
        (setting.set)(self, value).map_err(|e| format!("{name}: {e}"))
    }

    /// Takes over what the user's configuration file says, if there is one: `NAME = VALUE` lines, and comments
    /// behind `#`.
    pub(crate) fn read_config(&mut self) -> Result<(), Failure> {
        let Some(path) = config_path(|name| std::env::var_os(name)) else { return Ok(()) };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Failure::io(path.display().to_string(), e)),
        };
        self.apply(&text).map_err(|e| Failure::Usage(format!("{}:{e}", path.display())))
    }

    fn apply(&mut self, text: &str) -> Result<(), String> {
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let set = match line.split_once('=') {
                Some((name, value)) => self.set(name.trim(), value.trim()),
                None => Err(format!("expected NAME = VALUE, found `{line}`")),
            };
            set.map_err(|e| format!("{}: {e}", i + 1))?;
        }
        Ok(())
    }
}

/// The configuration file: `PROMQLITE_CONFIG` if it is set (there is none if it is empty), else
/// `promqlite/config` in the XDG configuration directory.
fn config_path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(path) = variable("PROMQLITE_CONFIG") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    // The XDG specification has relative paths ignored.
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(variable("HOME")?).join(".config"));
    Some(config.or_else(home)?.join("promqlite/config"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        assert!(SETTINGS.is_sorted_by(|a, b| a.name < b.name));
        let mut settings = Settings::default();
        for setting in SETTINGS {
            let shown = (setting.get)(&settings);
            (setting.set)(&mut settings, &shown).expect("a value that it has");
            assert_eq!((setting.get)(&settings), shown);
            assert!((setting.set)(&mut settings, "nonsense").is_err(), "{}", setting.name);
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn configuration_files() {
        let mut settings = Settings::default();
        settings.apply("# mine\n\nmode = json\n timer=on\nstep = 90s\n").expect("well-formed");
        let want = Settings {
            mode: Some(ResultFormat::Json),
            timer: true,
            step: Some(90_000),
            ..Settings::default()
        };
        assert_eq!(settings, want);
        for (text, want) in [
            ("\nmode json", "2: expected NAME = VALUE, found `mode json`"),
            ("timer = maybe", "1: timer: expected on or off"),
            ("tmer = on", "1: there is no setting `tmer`; known are color,"),
        ] {
            let error = settings.apply(text).expect_err("a mistake");
            assert!(error.starts_with(want), "{error}");
        }
    }

    #[test]
    fn the_file_is_where_xdg_puts_it() {
        let located = |variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into());
            config_path(find).map(|path| path.display().to_string())
        };
        assert_eq!(located(&[("HOME", "/h")]).as_deref(), Some("/h/.config/promqlite/config"));
        assert_eq!(
            located(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")]).as_deref(),
            Some("/c/promqlite/config")
        );
        assert_eq!(located(&[("HOME", "/h"), ("PROMQLITE_CONFIG", "f")]).as_deref(), Some("f"));
        assert_eq!(located(&[("HOME", "/h"), ("PROMQLITE_CONFIG", "")]), None);
    }
}
