use super::{choose, menu, menu_in, quit};
use crate::lab::terminal::{Window, key};
use crate::lab::{Lab, NAMES, key_of};

#[test]
fn scratch() {
    let lab = Lab::started();
    let mut m = menu(&lab);
    m.expect("choice: ");
    eprintln!("---\n{}", m.screen());
    for n in 0..6 {
        lab.connect("linux")
            .call(&["SET", &key_of("mac", "k", n), "v"]);
    }
    let mut go = |c: &str, q: &str| {
        m.press(c);
        m.expect(q);
        std::thread::sleep(std::time::Duration::from_millis(150));
        eprintln!("--- {c:?}\n{}", m.screen());
    };
    go("1\r", "key: ");
    go("abc\r", "value from: ");
    go("\r", "value: ");
    go("hello\r", "choice: ");
    go("6\r", "key: ");
    go("abc\r", "choice: ");
    go("7\r", "choice: ");
    go("9\r", "choice: ");
    go("4\r", "pattern");
    go("k\r", "key: ");
    go("\r", "what to do: ");
    go("3\r", "(y/n): ");
    go("y\r", "key: ");
    go("\x1b", "choice: ");
    go("cov\r", "how many");
    go("\r", "for more");
    go("\r", "choice: ");
    go("help\r", "-- Enter");
    go("\r", "choice: ");
    go("export\r", "which keys: ");
    go("\r", "file: ");
    go("x.csv\r", "choice: ");
    go("import\r", "file: ");
    go("x\t", "x.csv");
    go("\r", "choice: ");
    go("through\r", "node: ");
    go("2\r", "choice: ");
    drop(m);
    let mut m = menu_in(
        &lab,
        Window {
            rows: 12,
            columns: 40,
        },
    );
    m.expect("choice: ");
    std::thread::sleep(std::time::Duration::from_millis(150));
    eprintln!("---\n{}", m.screen());
    let mut go = |c: &str, q: &str| {
        m.press(c);
        m.expect(q);
        std::thread::sleep(std::time::Duration::from_millis(150));
        eprintln!("--- {c:?}\n{}", m.screen());
    };
    go(key::UP, "choice: ");
    go("status\r", "choice: ");
    go("1\r", "key: ");
    go(
        "a key that is longer than the window is wide, so it goes on\r",
        "value: ",
    );
    go("\r", "value: ");
    go("hello\r", "choice: ");
    drop(m);
}
