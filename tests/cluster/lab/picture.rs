//! A terminal's screen as a picture: an SVG that looks like a window of a desktop.

use vt100::{Cell, Color, Screen};

/// The size of a character, in pixels: that of most monospace fonts at [`FONT_SIZE`].
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
const FONT_SIZE: u8 = 14;
/// Where the text stands above the end of its row.
const DESCENT: f32 = 5.0;
/// What surrounds the text, and the bar with the window's buttons above it.
const MARGIN: f32 = 14.0;
const BAR: f32 = 30.0;

const FONTS: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const BACKGROUND: &str = "#1e2127";
const FOREGROUND: &str = "#d7dae0";
const BUTTONS: [&str; 3] = ["#ff5f57", "#febc2e", "#28c840"];

/// The sixteen colours that have names, dark and bright.
const NAMED: [&str; 16] = [
    "#3f4451", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
    "#6b7280", "#ff7a85", "#b5e890", "#ffd787", "#82c7ff", "#df95f0", "#7fd7e0", "#ffffff",
];

/// How a run of characters looks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a terminal has each of them by itself"
)]
struct Look {
    fill: String,
    behind: Option<String>,
    is_bold: bool,
    is_dim: bool,
    is_italic: bool,
    is_underlined: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let mut fill = colour(cell.fgcolor()).unwrap_or_else(|| FOREGROUND.to_owned());
        let mut behind = colour(cell.bgcolor());
        if cell.inverse() {
            let front = behind.unwrap_or_else(|| BACKGROUND.to_owned());
            behind = Some(std::mem::replace(&mut fill, front));
        }
        Self {
            fill,
            behind,
            is_bold: cell.bold(),
            is_dim: cell.dim(),
            is_italic: cell.italic(),
            is_underlined: cell.underline(),
        }
    }

    fn attributes(&self) -> String {
        let mut attributes = format!("fill=\"{}\"", self.fill);
        for (is_so, attribute) in [
            (self.is_bold, " font-weight=\"bold\""),
            (self.is_dim, " opacity=\"0.65\""),
            (self.is_italic, " font-style=\"italic\""),
            (self.is_underlined, " text-decoration=\"underline\""),
        ] {
            attributes += if is_so { attribute } else { "" };
        }
        attributes
    }
}

/// Draws a screen, up to its last row with something on it.
pub(crate) fn svg(screen: &Screen, title: &str) -> String {
    let (_, columns) = screen.size();
    let rows = screen.contents().trim_end().lines().count();
    let rows = u16::try_from(rows).unwrap();
    let width = f32::from(columns.get()) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL_HEIGHT + BAR + MARGIN;
    let title = escaped(title);
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">"
        ),
        format!("<title>{title}</title>"),
        format!("<rect width=\"100%\" height=\"100%\" rx=\"10\" fill=\"{BACKGROUND}\"/>"),
    ];
    let (middle, baseline) = (BAR / 2.0, BAR / 2.0 + DESCENT);
    for (x, fill) in [20, 38, 56].into_iter().zip(BUTTONS) {
        lines.push(format!(
            "<circle cx=\"{x}\" cy=\"{middle}\" r=\"5.5\" fill=\"{fill}\"/>"
        ));
    }
    lines.push(format!(
        "<g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\">"
    ));
    lines.push(format!(
        "<text x=\"50%\" y=\"{baseline}\" text-anchor=\"middle\" fill=\"{FOREGROUND}\" \
         opacity=\"0.65\">{title}</text>"
    ));
    for row in 0..rows {
        lines.extend(runs(screen, row).iter().flat_map(|run| run.drawn(row)));
    }
    lines.push("</g>\n</svg>\n".to_owned());
    lines.join("\n")
}

/// Characters of a row, side by side, that look alike.
struct Run {
    look: Look,
    column: u16,
    columns: u16,
    text: String,
}

fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..screen.size().1.get() {
        let cell = screen.cell(row, column).unwrap();
        let text = match cell.contents() {
            // The second half of a wide character.
            "" if cell.is_wide_continuation() => "",
            "" => " ",
            text => text,
        };
        let look = Look::of(cell);
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.columns += 1;
                run.text.push_str(text);
            }
            _ => runs.push(Run {
                look,
                column,
                columns: 1,
                text: text.to_owned(),
            }),
        }
    }
    runs
}

impl Run {
    /// What is behind it, and its text. The text has its length said, so that it ends where the next begins,
    /// whatever the font.
    fn drawn(&self, row: u16) -> Vec<String> {
        let mut drawn = Vec::new();
        let x = MARGIN + f32::from(self.column) * CELL_WIDTH;
        let top = BAR + f32::from(row) * CELL_HEIGHT;
        if let Some(behind) = &self.look.behind {
            let width = f32::from(self.columns) * CELL_WIDTH;
            drawn.push(format!(
                "<rect x=\"{x:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" \
                 fill=\"{behind}\"/>"
            ));
        }
        let shown = self.text.trim_end();
        if !shown.is_empty() {
            let blanks = u16::try_from(self.text.len() - shown.len()).unwrap();
            let length = f32::from(self.columns - blanks) * CELL_WIDTH;
            let y = top + CELL_HEIGHT - DESCENT;
            // Of blanks side by side a browser shows one, unless they are of the kind that does not break.
            let shown = escaped(shown).replace(' ', "\u{a0}");
            let attributes = self.look.attributes();
            drawn.push(format!(
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{length:.1}\" {attributes}>{shown}</text>"
            ));
        }
        drawn
    }
}

/// A colour, as SVG writes it; none for that which the terminal has by itself.
fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Idx(index) => Some(match index {
            0..16 => NAMED[usize::from(index)].to_owned(),
            // A cube of six steps for each of red, green and blue.
            16..232 => {
                let step = |place: u8| match (index - 16) / place % 6 {
                    0 => 0,
                    step => 55 + 40 * step,
                };
                format!("#{:02x}{:02x}{:02x}", step(36), step(6), step(1))
            }
            232.. => {
                let grey = 8 + 10 * (index - 232);
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
        }),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[test]
fn a_screen_is_drawn_in_its_colours() {
    let mut parser = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
    parser.process(b"\x1b[1;32mgreen\x1b[0m <&>\r\n\x1b[7minverse\x1b[0m \x1b[38;5;196mred\x1b[0m");
    let svg = svg(parser.screen(), "a & b").replace('\u{a0}', " ");
    for part in [
        "width=\"196\" height=\"80\"",
        "<title>a &amp; b</title>",
        "textLength=\"42.0\" fill=\"#98c379\" font-weight=\"bold\">green</text>",
        "> &lt;&amp;&gt;</text>",
        "height=\"18\" fill=\"#d7dae0\"/>",
        "fill=\"#1e2127\">inverse</text>",
        "fill=\"#ff0000\">red</text>",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
}
