//! Whole screens: the menu, and what each step leaves on them.

use super::{menu, quit};
use crate::lab::Lab;

/// The choices, where the window has place for all of them.
const CHOICES: &str = "\
>  1  store a key
   2  retrieve a key
   3  delete a key
   4  search the keys
   5  view the keys of one node
   6  where is a key, and why
   7  cluster status
   8  watch the nodes
   9  check-up: what may be wrong
  10  import keys from a file
  11  export keys to a file
  12  run the coverage test
  13  choose the node to go through
  14  help
   q  quit
Ctrl-D leaves; arrows, number or word
choice:";

#[test]
fn each_step_stands_on_the_screen_as_it_was_meant() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    for (keys, screen) in SCREENS {
        menu.press(keys);
        menu.shows(&screen.replace("{CHOICES}", CHOICES));
    }
    menu.press("\x15");
    quit(menu);
}

/// Keys, and what the screen shows when they were pressed.
const SCREENS: [(&str, &str); 17] = [
    (
        "",
        "
through linux; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "1\r",
        "
choice: store a key
key:",
    ),
    (
        "my key\r",
        "
choice: store a key
key: my key
> 1  the keyboard
  2  a file
  3  the editor vi
Esc leaves; arrows, number or word
value from:",
    ),
    (
        "\r",
        "
choice: store a key
key: my key
value from: the keyboard
value:
Enter stores it, Alt-Enter begins a new line, Ctrl-C leaves",
    ),
    (
        "two\x1b\rlines",
        "
choice: store a key
key: my key
value from: the keyboard
value: two
lines
Enter stores it, Alt-Enter begins a new line, Ctrl-C leaves",
    ),
    (
        "\r",
        "\
key: my key
value from: the keyboard
value: two
lines
stored 9 bytes on android in T

through linux; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "2\r",
        "\
key: my key
value from: the keyboard
value: two
lines
stored 9 bytes on android in T

choice: retrieve a key
key:",
    ),
    (
        "my key\r",
        "\
choice: retrieve a key
key: my key
two
lines
9 bytes from android in T

through linux; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "3\r",
        "\
choice: retrieve a key
key: my key
two
lines
9 bytes from android in T

choice: delete a key
key:",
    ),
    (
        "my key\r",
        "\
choice: retrieve a key
key: my key
two
lines
9 bytes from android in T

choice: delete a key
key: my key
delete my key from android? (y/n):",
    ),
    (
        "y\r",
        "
choice: delete a key
key: my key
delete my key from android? (y/n): y
deleted from android in T

through linux; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "6\r",
        "
choice: delete a key
key: my key
delete my key from android? (y/n): y
deleted from android in T

choice: where is a key, and why
key:",
    ),
    (
        "SHA\r",
        "\
key: SHA
linux (MD5 ends in an even hex digit); not stored at the moment
  linux    yes  MD5 ends in an even hex digit
  MD5      2137698d1e326e69bcebfe0d3982158c
asked in T

through linux; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "status\r",
        "\
node     address          rule                           share  keys  state
───────────────────────────────────────────────────────────────────────────
linux    127.0.0.1:PORT  MD5 ends in an even hex digit  1/2       0  up
mac      127.0.0.1:PORT  SHA-1 divisible by 3           1/6       0  up
android  127.0.0.1:PORT  the remainder                  1/3       0  up
asked in T

through linux; 3 of 3 nodes reachable
>  1  store a key
   2  retrieve a key
   3  delete a key
   4  search the keys
   5  view the keys of one node
   6  where is a key, and why
   7  cluster status
   8  watch the nodes
   9  check-up: what may be wrong
  10  import keys from a file
  11  export keys to a file
  12  run the coverage test
  13  choose the node to go through
  14  help
1 of 15; Ctrl-D leaves; arrows, number or word
choice:",
    ),
    (
        "entry\x15through\r",
        "\
node     address          rule                           share  keys  state
───────────────────────────────────────────────────────────────────────────
linux    127.0.0.1:PORT  MD5 ends in an even hex digit  1/2       0  up
mac      127.0.0.1:PORT  SHA-1 divisible by 3           1/6       0  up
android  127.0.0.1:PORT  the remainder                  1/3       0  up
asked in T

choice: choose the node to go through
Any node answers for every key.
> 1  linux    127.0.0.1:PORT
  2  mac      127.0.0.1:PORT
  3  android  127.0.0.1:PORT
Esc leaves; arrows, number or word
node:",
    ),
    (
        "2\r",
        "\
asked in T

choice: choose the node to go through
node: mac      127.0.0.1:PORT
now through mac, which answered in T

through mac; 3 of 3 nodes reachable
{CHOICES}",
    ),
    (
        "zzz",
        "\
asked in T

choice: choose the node to go through
node: mac      127.0.0.1:PORT
now through mac, which answered in T

through mac; 3 of 3 nodes reachable
nothing here fits; Backspace takes a letter back
choice: zzz",
    ),
];
