//! Text and shapes of a page.

use std::fmt::Write as _;

/// Text as it stands in HTML and in XML, between tags and in quotes. What XML has no sign for is replaced.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A picture that stretches to its place. Its shapes are in a space of 100 by 100, from the top left.
pub(super) struct Picture {
    id: String,
    title: String,
    description: String,
    shapes: String,
}

impl Picture {
    /// One without shapes. The id is that of no other picture of the page.
    pub(super) fn new(id: &str, title: &str, description: &str) -> Self {
        Self {
            id: escape(id),
            title: escape(title),
            description: escape(description),
            shapes: String::new(),
        }
    }

    /// A bar from the left top corner.
    pub(super) fn bar(&mut self, class: &str, [left, top]: [f64; 2], [width, height]: [f64; 2]) {
        let _ = write!(
            self.shapes,
            r#"<rect class="{class}" x="{left:.2}" y="{top:.2}" width="{width:.2}" height="{height:.2}"/>"#
        );
    }

    /// A line through some points.
    pub(super) fn line(&mut self, class: &str, points: &[[f64; 2]]) {
        let path = path(points);
        let _ = write!(self.shapes, r#"<path class="{class}" d="{path}"/>"#);
    }

    /// The area between a line and the bottom.
    pub(super) fn area(&mut self, class: &str, points: &[[f64; 2]]) {
        let (Some([first, _]), Some([last, _])) = (points.first(), points.last()) else {
            return;
        };
        let path = path(points);
        let _ = write!(
            self.shapes,
            r#"<path class="{class}" d="{path}L{last:.2},100L{first:.2},100Z"/>"#
        );
    }

    /// A line from top to bottom.
    pub(super) fn post(&mut self, class: &str, at: f64) {
        self.line(class, &[[at, 0.0], [at, 100.0]]);
    }

    /// The picture as SVG.
    pub(super) fn svg(&self) -> String {
        let Self {
            id,
            title,
            description,
            shapes,
        } = self;
        format!(
            r#"<svg role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 100 100" preserveAspectRatio="none" xmlns="http://www.w3.org/2000/svg"><title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{shapes}</svg>"#
        )
    }
}

fn path(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    for (place, [x, y]) in points.iter().enumerate() {
        let step = if place == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{step}{x:.2},{y:.2}");
    }
    path
}

/// A word at a place below or beside a picture, in hundredths of its width.
pub(super) fn mark(class: &str, at: f64, text: &str) -> String {
    // Words near an end keep inside.
    let side = match at {
        ..8.0 => " from",
        92.0.. => " to",
        _ => "",
    };
    let text = escape(text);
    format!(r#"<span class="{class}{side}" style="left:{at:.2}%">{text}</span>"#)
}

/// A row of marks, which repeat what the picture's description says.
pub(super) fn marks(class: &str, marks: &[String]) -> String {
    let marks = marks.concat();
    format!(r#"<div class="{class}" aria-hidden="true">{marks}</div>"#)
}

/// A table with a heading of each column. Cells are escaped.
pub(super) fn table(caption: &str, header: &[&str], rows: &[Vec<String>]) -> String {
    let mut head = String::new();
    for title in header {
        let class = if *title == "rule" {
            " class=\"words\""
        } else {
            ""
        };
        let _ = write!(head, "<th scope=\"col\"{class}>{}</th>", escape(title));
    }
    let mut body = String::new();
    for row in rows {
        body.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = match place {
                0 => write!(body, "<th scope=\"row\">{cell}</th>"),
                1 if header.get(1) == Some(&"rule") => {
                    write!(body, "<td class=\"words\">{cell}</td>")
                }
                _ => write!(body, "<td>{cell}</td>"),
            };
        }
        body.push_str("</tr>\n");
    }
    let caption = escape(caption);
    format!(
        "<div class=\"scroll\"><table><caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n\
         <tbody>\n{body}</tbody></table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("<b title='x'>\"A&B\"</b>\u{1b}[2J\u{0}\n"),
            "&lt;b title=&#39;x&#39;&gt;&quot;A&amp;B&quot;&lt;/b&gt;\u{fffd}[2J\u{fffd}\n"
        );
    }
}
