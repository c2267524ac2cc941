//! Why there is no reply.

use super::ReplyFirst;

/// Why there is no reply.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The node could not be connected to. Nothing was sent.
    #[error("{name} {address} cannot be reached: {cause}")]
    Unreachable {
        /// The node's name.
        name: String,
        /// Its address.
        address: String,
        /// Why.
        cause: String,
    },
    /// The connection ended, or stayed silent, before the reply came. Whether what was asked has been
    /// done is not known.
    #[error("{name} {address} did not answer: {cause}")]
    Lost {
        /// The node's name.
        name: String,
        /// Its address.
        address: String,
        /// Why.
        cause: String,
    },
    /// The node answered with an error. The text begins with its code.
    #[error("{text}")]
    Refused {
        /// The error reply.
        text: String,
    },
    /// The reply is not what the command returns.
    #[error("{name} {address} sent a reply that is not understood: {what}")]
    Unexpected {
        /// The node's name.
        name: String,
        /// Its address.
        address: String,
        /// What is wrong with it.
        what: String,
    },
    /// The node has another list of rules than this client, so that they may take different nodes for a
    /// key's owner. Nothing was sent but the question.
    #[error(
        "{name} {address} has another list of rules than this program; give both the same cluster file"
    )]
    RulesDiffer {
        /// The node's name.
        name: String,
        /// Its address.
        address: String,
    },
    /// At the address of the node there is another one. Nothing was sent but the question.
    #[error(
        "the node at {address} says that it is {}, not {name}; correct its address in the cluster file",
        told.escape_debug()
    )]
    OtherNode {
        /// The node's name.
        name: String,
        /// Its address.
        address: String,
        /// The name that was told.
        told: String,
    },
    /// Nothing was sent: the request is about the connection on which it is sent, such as a part of a
    /// transaction or a subscription, and this client has one to each node.
    #[error(
        "this is about one connection, and there is one to each node; connect to a node and ask for it there"
    )]
    OfOneConnection,
    /// Nothing was sent: the client still has replies to earlier requests.
    #[error(transparent)]
    ReplyFirst(#[from] ReplyFirst),
}

impl ClientError {
    /// The node that cannot be reached, if that is the cause: this one, or the one that it asked.
    pub fn missing(&self) -> Option<&str> {
        match self {
            Self::Unreachable { name, .. } | Self::Lost { name, .. } => Some(name),
            Self::Refused { text } => missing_in(text),
            Self::Unexpected { .. }
            | Self::RulesDiffer { .. }
            | Self::OtherNode { .. }
            | Self::OfOneConnection
            | Self::ReplyFirst(_) => None,
        }
    }
}

/// The node that an error reply names as not to be reached, also where it tells of several nodes.
fn missing_in(text: &str) -> Option<&str> {
    let mut words = text.split(' ');
    words.find(|word| ["UNREACHABLE", "OUTCOMEUNKNOWN"].contains(word))?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_names_a_node_which_is_away_is_told_from_others() {
        let missing = |text: &str| missing_in(text).map(str::to_owned);
        let mac = Some("mac".to_owned());
        assert_eq!(missing("UNREACHABLE mac 127.0.0.1:7002: refused"), mac);
        assert_eq!(missing("OUTCOMEUNKNOWN mac 127.0.0.1:7002: x"), mac);
        assert_eq!(
            missing("PARTIAL MSET was done on linux, but not on mac: UNREACHABLE mac 1.2.3.4:5: x"),
            mac
        );
        for text in [
            "ERR syntax error",
            "MISCONF the disk is full",
            "UNREACHABLE",
            "",
        ] {
            assert_eq!(missing(text), None, "{text}");
        }
    }
}
