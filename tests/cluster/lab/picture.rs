//! A terminal's screen as a picture: an SVG that looks like a window of a desktop.

use std::fmt::Write as _;

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
    let width = f32::from(columns.get()) * CELL_WIDTH + 2.0 * MARGIN;
    let height = rows as f32 * CELL_HEIGHT + BAR + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} \
         {height:.0}\" role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"10\" \
         fill=\"{BACKGROUND}\"/>\n",
        escaped(title)
    );
    for (place, fill) in BUTTONS.iter().enumerate() {
        let x = MARGIN + 6.0 + place as f32 * 18.0;
        svg += &format!(
            "<circle cx=\"{x}\" cy=\"{}\" r=\"5.5\" fill=\"{fill}\"/>\n",
            BAR / 2.0
        );
    }
    svg += &format!(
        "<g font-family=\"{FONTS}\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n\
         <text x=\"50%\" y=\"{}\" text-anchor=\"middle\" fill=\"{FOREGROUND}\" opacity=\"0.65\">{}</text>\n",
        BAR / 2.0 + DESCENT,
        escaped(title)
    );
    for row in 0..rows {
        draw_row(&mut svg, screen, u16::try_from(row).unwrap());
    }
    svg + "</g>\n</svg>\n"
}

/// Draws the characters of a row that look alike together. Each run has its length said, so that it ends where the
/// next begins, whatever the font.
fn draw_row(svg: &mut String, screen: &Screen, row: u16) {
    let (_, columns) = screen.size();
    let mut runs: Vec<(Look, u16, u16, String)> = Vec::new();
    for column in 0..columns.get() {
        let cell = screen.cell(row, column).unwrap();
        if cell.is_wide_continuation() {
            if let Some((_, _, width, _)) = runs.last_mut() {
                *width += 1;
            }
            continue;
        }
        let look = Look::of(cell);
        let text = if cell.has_contents() {
            cell.contents()
        } else {
            " "
        };
        match runs.last_mut() {
            Some((last, _, width, run)) if *last == look => {
                *width += 1;
                run.push_str(text);
            }
            _ => runs.push((look, column, 1, text.to_owned())),
        }
    }
    let top = BAR + f32::from(row) * CELL_HEIGHT;
    for (look, column, width, text) in runs {
        let x = MARGIN + f32::from(column) * CELL_WIDTH;
        if let Some(behind) = &look.behind {
            let width = f32::from(width) * CELL_WIDTH;
            let rect = format!(
                "<rect x=\"{x:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{CELL_HEIGHT}\" fill=\"{behind}\"/>"
            );
            writeln!(svg, "{rect}").unwrap();
        }
        let shown = text.trim_end();
        if !shown.is_empty() {
            let blanks = text.len() - shown.len();
            let width = f32::from(width) - blanks as f32;
            let (y, length) = (top + CELL_HEIGHT - DESCENT, width * CELL_WIDTH);
            let (attributes, shown) = (look.attributes(), escaped(shown));
            writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{length:.1}\" {attributes}>{shown}</text>"
            )
            .unwrap();
        }
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
    let svg = svg(parser.screen(), "a & b");
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
