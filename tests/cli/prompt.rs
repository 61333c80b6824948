//! The prompt on a pseudo-terminal.

use rexpect::session::spawn_command;
use tempfile::TempDir;

use super::clean;
use super::pty::{PATIENCE_MS, PROMPT, Prompt, start};

const LAMPS: &str = "tests/cli/data/lamps.om";

#[test]
fn it_tells_what_it_opened_and_answers() {
    let home = TempDir::new().expect("a temporary directory");
    let mut prompt = Prompt { pty: start(&[LAMPS], home.path()), home };
    let greeting = prompt.see(PROMPT);
    for part in
        ["lamps.om", "openmetrics", "3 series of 2 metrics, 9 samples from 1 file", "2023-11-14T22:14:20Z"]
    {
        assert!(greeting.contains(part), "{part:?} is not in {greeting}");
    }
    let answer = prompt.ask("sum(lamp_watts)");
    assert!(answer.contains("67.5") && answer.contains("(1 series at 2023-11-14T22:14:20Z)"), "{answer}");
    let error = prompt.ask("sum(foo bar)");
    assert!(error.contains("1:9: parse error: unexpected identifier \"bar\""), "{error}");
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn a_query_may_go_over_several_lines() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.enter("sum(");
    prompt.enter("  lamp_watts");
    prompt.enter(")");
    // The editor repeats the prompt whenever it draws several lines.
    prompt.see("67.5");
    prompt.see(PROMPT);
    // A blank line ends what is not finished.
    prompt.enter("sum(");
    prompt.enter("");
    prompt.see("unclosed left parenthesis");
    prompt.see(PROMPT);
    prompt.enter(".quit");
    prompt.ended();
}

#[test]
fn ctrl_c_drops_the_line_and_ctrl_d_ends() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.press("lamp_wat");
    prompt.see("lamp_wat");
    prompt.pty.send_control('c').expect("the program reads");
    prompt.see(PROMPT);
    let answer = prompt.ask("lamp_switches_total");
    assert!(answer.contains("lamp_switches_total{house=\"h1\"}"), "{answer}");
    prompt.pty.send_control('d').expect("the program reads");
    prompt.ended();
}

#[test]
fn ctrl_c_stops_a_running_query() {
    let mut prompt = Prompt::open(&[LAMPS]);
    // Three million steps through four hundred operators: that takes longer than anyone waits.
    prompt.ask(".range 1699997060 1700000060 1ms");
    prompt.enter(&format!("vector(time()){}", "+1".repeat(400)));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    prompt.pty.send_control('c').expect("the terminal passes it on");
    prompt.see("query was canceled in");
    prompt.see(PROMPT);
    prompt.ask(".instant");
    let answer = prompt.ask("sum(lamp_watts)");
    assert!(answer.contains("67.5"), "{answer}");
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn dot_commands() {
    let mut prompt = Prompt::open(&[LAMPS]);
    for (line, parts) in [
        (".help", &[".range START END [STEP]", ".exit, .quit"][..]),
        (".help .timer", &[".timer, .timing [on|off]"]),
        (".help sum", &["sum(instant vector): instant vector"]),
        (".help sun", &["there is no command, function, aggregation or setting `sun`; did you mean `sum`?"]),
        (".help *_over_time", &["avg_over_time(range vector): instant vector", "sum_over_time("]),
        (".nonsense", &["there is no command .nonsense"]),
        (".h", &[".h may be .help or .history"]),
        (".inf", &["3 series of 2 metrics", "dimmed       1"]),
        (".values room", &["attic", "hall"]),
        (".values rom", &["did you mean `room`?"]),
        (".series lamp_watts{room=\"hall\"}", &["lamp_watts{house=\"h1\", room=\"hall\"}", "(1 series)"]),
        (".top 1", &["and 1 more"]),
        (".plot sum(lamp_watts)", &["67.5", "2023-11-14 22:13:20 to 2023-11-14 22:14:20 UTC"]),
        (".plot sum(", &["unclosed left parenthesis"]),
        (".lint sum(lamp_watts)", &["nothing seems wrong with it"]),
        (".lint rate(lamp_watts[1m])", &["warning[rate-of-gauge]", "help: "]),
        (".lint rate(", &["unclosed left parenthesis"]),
        ("rate(lamp_watts[1m])", &["hint[rate-of-gauge]: "]),
        (".set lints off", &[""]),
        (".fmt sum(lamp_watts)by(room)", &["sum by (room) (lamp_watts)"]),
        (".metrics *_total", &["lamp_switches_total", "counter"]),
        (".labels lamp_watts", &["room", "attic, hall"]),
        (".labels lamp_wats", &["there is no metric `lamp_wats`; did you mean `lamp_watts`?"]),
        (".functions", &["sum", "label_replace"]),
        (".at 1700000030", &["at 2023-11-14T22:13:50Z"]),
        ("sum(lamp_watts)", &["52.5"]),
        (".at nonsense", &[".at: expected RFC 3339"]),
        (".mode table", &["results are shown as table"]),
        (".range 1700000000 now 30", &["from 2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z every 30s"]),
        ("sum(lamp_watts)", &["2023-11-14T22:13:50Z", "67.5"]),
        (".range now 1700000000", &["before it starts"]),
        (".last 1m", &["every 1s"]),
        (".step 30s", &["every 30s"]),
        (".set step", &["30s"]),
        (".set step auto", &[""]),
        (".set nothing 1", &["there is no setting `nothing`"]),
        (".show", &["every 1s", "answers go to the screen", "timer    off"]),
        (".plot lamp_watts{room=\"hall\"}", &["60 ", "22:14:00", "last 60"]),
        (".instant", &["at 2023-11-14T22:14:20Z"]),
        (".ast 1 + 2", &["binary + [0..5]"]),
        (".explain sum(lamp_watts)", &["sum"]),
        (".explain analyze sum(lamp_watts)", &["search $0", "select $0", "100.0", "whole"]),
        (".explain analyze", &["select $0"]),
        (".timing on", &["timer is on"]),
        (".history 2", &[".timing on"]),
        ("1", &["query: "]),
        (".format json", &["results are shown as json"]),
        ("1", &[r#"{"status":"success","data":{"resultType":"scalar","result":[1700000060,"1"]}}"#]),
        (".format xml", &["mode: no form `xml`"]),
        (".open", &["lamps.om", "3 series"]),
        (".open missing.om", &["missing.om: No such file"]),
        (".open tests/data/shop.om", &["shop.om", "57 series"]),
    ] {
        let shown = prompt.ask(line);
        for part in parts {
            assert!(shown.contains(part), "{line}: {part:?} is not in {shown}");
        }
    }
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn history_lasts() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.ask("lamp_watts * 2");
    prompt.enter(".exit");
    let home = prompt.ended();
    let file = home.path().join(".local/state/promqlite/history");
    assert!(std::fs::read_to_string(file).expect("a history").contains("lamp_watts * 2"));

    let mut again = Prompt { pty: start(&[LAMPS], home.path()), home };
    again.see(PROMPT);
    // Twice up: past `.exit`.
    again.press("\x1b[A\x1b[A");
    again.see("lamp_watts * 2");
    again.enter("");
    let answer = again.see(PROMPT);
    assert!(answer.contains("120"), "{answer}");
    again.enter(".exit");
    again.ended();
}

#[test]
fn tab_completes_names() {
    let mut prompt = Prompt::open(&[LAMPS]);
    prompt.press("lamp_s\t");
    prompt.see("lamp_switches_total");
    prompt.enter("");
    let answer = prompt.see(PROMPT);
    assert!(answer.contains("{house=\"h1\"}"), "{answer}");
    prompt.enter(".exit");
    prompt.ended();
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    for (no_color, coloured) in [("", true), ("1", false)] {
        let mut command = clean(env!("CARGO_BIN_EXE_promqlite"));
        command.args(["query", "sum("]).env("TERM", "xterm").env("NO_COLOR", no_color);
        let mut pty = spawn_command(command, Some(PATIENCE_MS)).expect("a pseudo-terminal");
        let shown = pty.exp_eof().expect("the program ends");
        assert_eq!(shown.contains("\x1b["), coloured, "{shown:?}");
        assert!(shown.contains("1:5: parse error: unclosed left parenthesis"), "{shown:?}");
    }
}
