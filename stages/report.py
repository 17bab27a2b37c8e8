"""Tell what was found to people: one page that needs no network, and the model's card."""

from purchase import files
from purchase.params import read_params
from purchase.report.card import render_card
from purchase.report.page import render
from purchase.report.story import Story

N_EXAMPLES = 5  # of the target list, shown with their reasons


def main():
    folders = (files.PLOTS / "insights", files.PLOTS / "pictures")
    story = Story(
        evaluation=files.read_json(files.METRICS / "evaluate.json"),
        insights=files.read_json(files.METRICS / "insights.json"),
        board=files.read_frame(files.METRICS / "leaderboard.csv"),
        tables={path.stem: files.read_frame(path) for path in sorted(folders[0].glob("*.csv"))},
        pictures={path.stem: path.read_bytes() for folder in folders for path in sorted(folder.glob("*.png"))},
        examples=files.read_frame(files.INSIGHTS / "targets.csv").head(N_EXAMPLES),
        settings=read_params().insights,
    )
    files.write_text(render(story), files.REPORT / "report.html")
    files.write_text(render_card(story), files.REPORT / "model_card.md")


if __name__ == "__main__":
    files.run(main)
