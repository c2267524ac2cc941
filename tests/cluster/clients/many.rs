//! More connections than a node takes.

use std::process::Command;

use triad::resp::Frame;

use crate::lab::connection::error;
use crate::lab::{self, Lab};

/// A `linux` node that may open so few files that it takes few connections.
fn node_with_few_descriptors(lab: &mut Lab, descriptors: u32) {
    let node = lab.node_command("linux");
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\""),
        ])
        .arg(node.get_program())
        .args(node.get_args());
    for (name, value) in node.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(lab.folder());
    lab.start_command("linux", command);
}

#[test]
fn one_too_many_is_told_so_and_the_others_go_on() {
    let mut lab = Lab::new();
    node_with_few_descriptors(&mut lab, 100);
    let mut first = lab.connect("linux");
    let allowed = first.info("maxclients");
    assert!(allowed < 100, "{allowed}");
    let mut clients = vec![first];
    for _ in 1..allowed {
        let mut client = lab.connect("linux");
        assert_eq!(client.call(&["PING"]), Frame::simple("PONG"));
        clients.push(client);
    }
    for n in 1..=20 {
        let mut one_too_many = lab.connect("linux");
        let text = error(&one_too_many.reply());
        assert_eq!(text, "ERR max number of clients reached");
        assert_eq!(one_too_many.try_reply(), None);
        assert_eq!(clients[0].info("rejected_connections"), n);
    }
    for client in &mut clients {
        assert_eq!(client.call(&["PING"]), Frame::simple("PONG"));
    }
    // As soon as one has gone there is room for another.
    clients.pop();
    lab::eventually("there is room again", || {
        let mut client = lab.connect("linux");
        client.send(&["PING"]);
        client.try_reply() == Some(Frame::simple("PONG"))
    });
}
