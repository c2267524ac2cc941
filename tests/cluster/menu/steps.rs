//! What each step does, and what it says.

use super::{choose, menu, quit};
use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES, key_of};

#[test]
fn store_retrieve_and_delete_say_which_node_has_the_key() {
    let lab = Lab::started();
    let mut menu = menu(&lab);
    menu.expect("through linux; 3 of 3 nodes reachable");
    for name in NAMES {
        let key = key_of(name, "my key ", 0);
        choose(&mut menu, "1");
        menu.answer("key: ", &key);
        menu.answer("value: ", "");
        menu.answer("value: ", " å value\twith blanks ");
        menu.expect(&format!("stored 22 bytes on {name} in "));
        let stored = lab.connect(name).call(&["GET", &key]);
        assert_eq!(stored, bulk(" å value\twith blanks "));
    }
    println!("{}", menu.screen());
    quit(menu);
}
