"""Pieces of the page, as HTML: every text that is put in is escaped."""

import base64
from html import escape


def paragraph(*texts, kind=None):
    """Return a paragraph; ``kind`` is a class of the stylesheet."""
    opened = f'<p class="{kind}">' if kind else "<p>"
    return f"{opened}{' '.join(escape(text) for text in texts)}</p>"


def heading(text, level=3):
    return f"<h{level}>{escape(text)}</h{level}>"


def bullets(texts):
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def table(names, rows, *, caption, stacked=False):
    """Return a table; the first column heads the rows, and numbers do not break.

    A ``stacked`` one becomes a card a row on a narrow screen; another one scrolls.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr>{_row(names, row)}</tr>" for row in rows)
    opened = '<table class="stacked">' if stacked else "<table>"
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">{opened}<caption>'
        f"{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(names, cells):
    first, *others = map(str, cells)
    return f'<th scope="row">{escape(first)}</th>' + "".join(map(_cell, names[1:], others))


def _cell(name, text):
    number = ' class="number"' if text[:1].isdigit() or text[:1] in ("-", "+") else ""
    return f'<td{number} data-name="{escape(name)}">{escape(text)}</td>'


def picture(content, *, description, caption):
    """Return a PNG as part of the page, with a description for those who do not see it."""
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(description)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def section(name, title, *pieces):
    """Return a section of the page under its heading; pieces that are empty are left out."""
    return f'<section id="{name}">{heading(title, 2)}{"".join(filter(None, pieces))}</section>'
