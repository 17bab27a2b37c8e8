"""What customers buy next."""

from purchase.report.html import paragraph, picture, section, table
from purchase.report.words import share

OF_WHAT = {"all": "", "again": " bought before", "new": " that are new to them"}
FEWEST_BUYERS = 30  # of a list, below which its figures say nothing
ONE = {"products": "product", "categories": "category"}
METRICS = {"recall": "Recall", "map": "MAP"}


def what_section(story):
    if missing := story.missing("what"):
        return section("what", "What they buy next", missing)
    found = story.insights["what"]
    return section(
        "what",
        "What they buy next",
        paragraph(
            f"The target list names, for the {found['n_told']:,} {story.rows} to contact, the likeliest categories, "
            "products to buy again, and products that are new to them. A ranker that learned from the buyers of "
            f"earlier cutoffs ({found['n_buyers_learned_from']:,}) puts in order what each customer bought or looked "
            f"at and what sells best. {share(found['share_of_bought_among_candidates'])} of what was then bought was "
            "among that: no order can find more."
        ),
        _verdict(story.tables["next_items"], story.interval),
        picture(
            story.pictures["next_items"],
            description="Points with intervals: recall and mean average precision of the ranker's lists and of lists "
            "by popularity, by what was bought before and by what was seen last.",
            caption=f"Scored on the {found['n_buyers']:,} who bought after the test cutoff: the share of what they "
            "bought that is on a list of this length (recall), and how far up it is (mean average precision).",
        ),
        _table(story),
        paragraph(found["categories"] + ".", kind="note") if "categories" in found else "",
    )


def _verdict(items, interval):
    """Say against which simple rules the ranker's lists of products are better beyond noise."""
    longest = items[(items["what"] == "products") & (items["of_what"] == "all")]
    others = longest[(longest["k"] == longest["k"].max()) & (longest["ranking"] != "ranker")]
    said = []
    for metric, name in METRICS.items():
        better = others.loc[others[f"{metric}_ahead_low"] > 0, "ranking"]
        even = others.loc[~(others[f"{metric}_ahead_low"] > 0), "ranking"]
        parts = [f"better than {' and '.join(better)}"] if len(better) else []
        parts += [f"no better than {' and '.join(even)}"] if len(even) else []
        said.append(f"by {name.lower() if metric == 'recall' else name} {', '.join(parts)}")
    return paragraph(f"Its list of {longest['k'].max()} products is {'; '.join(said)} ({interval} of the difference).")


def _table(story):
    items, rows = story.tables["next_items"], []
    for (what, of_what, k), lists in items.groupby(["what", "of_what", "k"], sort=False):
        n, lists = lists["n_customers"].iloc[0], lists.set_index("ranking")
        best = lists.drop(index="ranker")["map"].idxmax()
        few = f" (only {n} buyers)" if n < FEWEST_BUYERS else ""
        told = [f"{share(lists.loc[name, metric])}" for metric in METRICS for name in ("ranker", best)]
        noun = what if k > 1 else ONE[what]
        rows.append([f"{k} {noun}{OF_WHAT[of_what]}{few}", best, *told])
    names = ["List of", "Best simple rule", "Recall", "its recall", "MAP", "its MAP"]
    return table(names, rows, caption="The ranker beside the simple rule of the highest MAP", stacked=True)
