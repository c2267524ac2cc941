//! What this is, in plain words.

use crate::menu::ink::Ink;
use crate::menu::{Menu, Stop};

/// Explains the rules and the keys.
pub(super) fn run(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let placement = menu.session.cluster().placement();
    let rules = placement.indices().enumerate().map(|(place, index)| {
        let (name, rule) = (placement.name(index), placement.rule(index));
        format!("  {}. {name}: {rule}", place + 1)
    });
    let text = format!(
        "Each key lies on one of your devices, and the key alone decides on which. The rules are tried in this \
         order, and the first that claims a key wins:\n\
         {}\n\
         MD5 and SHA-1 are long numbers that are computed from a key: the same key gives the same number on every \
         device, and another key quite another one. A rule looks at that number. \"The remainder\" takes every key \
         that no rule before it claimed.\n\
         Any node can be asked for any key: it fetches the key from the device that has it. So it does not matter \
         through which node you go, and a device that is off takes only its own keys along.\n\n\
         Enter takes what is chosen. Ctrl-C or Esc leaves a step; Ctrl-C also stops one that is at work. Ctrl-D \
         leaves the menu. The arrows up and down call back what you typed before.\n\
         A search takes the signs * (anything), ? (one character) and [ab] (one of these). A key that can't be \
         typed can be chosen from a list.",
        rules.collect::<Vec<_>>().join("\n")
    );
    menu.screen.say(Ink::Plain, &text)?;
    Ok(())
}
