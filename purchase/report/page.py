"""The page: one file, with everything in it."""

from html import escape
from pathlib import Path
from string import Template

from purchase.report.html import bullets, heading, paragraph, section, table
from purchase.report.segments import segments_section
from purchase.report.sure import sure_section
from purchase.report.verdict import verdict_section
from purchase.report.what import what_section
from purchase.report.when import when_section
from purchase.report.who import who_section
from purchase.report.why import why_section

TEMPLATE = Path(__file__).with_name("page.html")
LINKS = {
    "verdict": "Verdict",
    "who": "Whom to contact",
    "when": "When, how many",
    "what": "What next",
    "why": "Why",
    "segments": "Segments",
    "sure": "How sure",
    "about": "About",
}


def render(story):
    """Return the page as HTML."""
    about = story.about
    sections = [
        verdict_section(story),
        who_section(story),
        when_section(story),
        what_section(story),
        why_section(story),
        segments_section(story),
        sure_section(story),
        about_section(story),
    ]
    cutoffs = about["rows"]["test"]["cutoffs"]
    when = f" at {' to '.join(cutoffs)}" if cutoffs else ""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Who will order: {about['title']}"),
        lead=escape(
            f"{about['rows']['test']['n_rows']:,} {story.rows}{when}: how likely each is to {story.outcome}, and what "
            "to do about it. Scored on outcomes that the model never saw."
        ),
        links="".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in LINKS.items()),
        sections="\n".join(sections),
    )


def about_section(story):
    about = story.about
    rows = [
        [part, f"{found['n_rows']:,}", f"{found['n_ordered']:,}", " to ".join(found["cutoffs"]) or "no dates"]
        for part, found in about["rows"].items()
    ]
    lookback = (
        f"{about['n_features']} features from the {about['lookback_days']} days before the cutoff."
        if about["task"] == "customer"
        else f"{about['n_features']} features, known when a session is scored."
    )
    return section(
        "about",
        "About these numbers",
        paragraph(f"Source: {about['source']}. {'Licence: ' + about['licence'] + '.' if about['licence'] else ''}"),
        paragraph(lookback),
        table(["Part", "Rows", "Ordered", "Cutoffs"], rows, caption="Rows by part"),
        heading("What these are made of, by md5"),
        bullets([f"{path}: {md5}" for path, md5 in about["hashes"].items()]),
    )
