//! What this program tells about its own words: completions for shells, and manual pages.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use clap_mangen::Man;
use serde::Serialize;
use triad::cluster::Cluster;
use triad::ending::Ending;
use triad::json;
use triad::terminal;

/// Prints the completions for a shell. The names of nodes are those of the cluster that was found, as it is now.
pub(crate) fn completions(
    command: Command,
    shell: Shell,
    cluster: Option<&Cluster>,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Completions {
        shell: String,
        script: String,
    }
    let name = command.get_name().to_owned();
    let mut command = match cluster {
        Some(cluster) => with_names(command, cluster),
        None => command,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8(script).map_err(Ending::failure)?;
    if as_json {
        let shell = shell.to_string();
        terminal::print(json::document(&Completions { shell, script })?)?;
    } else {
        terminal::print_bytes(script.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The same words, of which the names of nodes are known.
fn with_names(command: Command, cluster: &Cluster) -> Command {
    let names = cluster.placement().names();
    // They are wanted until the program ends, which is at once.
    let names: Vec<&'static str> = names.map(|name| &*name.to_string().leak()).collect();
    let parser = || PossibleValuesParser::new(names.clone());
    let command = command.mut_arg("via", |via| via.value_parser(parser()));
    ["keys", "export"]
        .into_iter()
        .fold(command, |command, name| {
            command.mut_subcommand(name, |subcommand| {
                subcommand.mut_arg("node", |node| node.value_parser(parser()))
            })
        })
}

/// A manual page, as a file of section 1.
#[derive(Serialize)]
struct Page {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// Prints the page of this program, or writes its own and those of its subcommands into a folder.
pub(crate) fn pages(
    command: Command,
    folder: Option<&Path>,
    as_json: bool,
) -> Result<ExitCode, Ending> {
    #[derive(Serialize)]
    struct Pages {
        #[serde(skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
        pages: Vec<Page>,
    }
    let mut pages = all(command)?;
    let shown = |folder: &Path| terminal::readable_line(folder.as_os_str().as_encoded_bytes());
    if let Some(folder) = folder {
        write(folder, &mut pages).map_err(|error| {
            Ending::failure(format!("{} can't be written: {error}", shown(folder)))
        })?;
    }
    if as_json {
        let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
        terminal::print(json::document(&Pages { folder, pages })?)?;
    } else if let Some(folder) = folder {
        let count = pages.len();
        terminal::print(format!("{count} pages are in {}", shown(folder)))?;
    } else if let Some(text) = pages.first().and_then(|page| page.text.as_ref()) {
        terminal::print_bytes(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The page of this program first.
fn all(mut command: Command) -> Result<Vec<Page>, Ending> {
    // Gives the subcommands their whole names and the options that hold for all.
    command.build();
    let subcommands = command.get_subcommands();
    let subcommands = subcommands.filter(|subcommand| subcommand.get_name() != "help");
    let mut pages = Vec::new();
    for command in [&command].into_iter().chain(subcommands) {
        let man = Man::new(command.clone());
        let mut text = Vec::new();
        man.render(&mut text)?;
        pages.push(Page {
            name: man.get_filename(),
            text: Some(in_ascii(&String::from_utf8(text).map_err(Ending::failure)?)),
        });
    }
    Ok(pages)
}

/// Other characters by their numbers (`groff_char(7)`): not every formatter is told what a page is written in.
fn in_ascii(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for c in page.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\[u{:04X}]", u32::from(c));
        }
    }
    text
}

/// Writes the pages, each into a file of its name; they have no text any more.
fn write(folder: &Path, pages: &mut [Page]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for page in pages {
        fs::write(
            folder.join(&page.name),
            page.text.take().unwrap_or_default(),
        )?;
    }
    Ok(())
}
