"""Choose the champion on validation rows, and report every model on test rows."""

from purchase import files
from purchase.evaluation import gallery
from purchase.evaluation.candidates import read_summaries
from purchase.evaluation.contest import choose_on_validation, judge_on_test
from purchase.evaluation.leaderboard import with_out_of_fold
from purchase.evaluation.metrics import check_labels
from purchase.evaluation.style import save
from purchase.models.folders import model_folders
from purchase.models.last_events import read_dictionary, read_rows
from purchase.models.store import copy_model, load_model
from purchase.params import FAMILIES, read_params
from purchase.shops import read_shop


def main():
    params = read_params()
    task = read_shop(params.shop).task
    train, validation = (read_part(part, task) for part in ("train", "validation"))
    folders = model_folders(files.MODELS)
    summaries, absent = read_summaries(folders)
    models = {name: load_model(folders[name]) for name in summaries}
    chosen = choose_on_validation(models, train, validation, params.evaluate, seed=params.seed)

    # From here on nothing is chosen any more: the test rows are read, once.
    parts = {"train": train, "validation": validation, "test": read_part("test", task)}
    judged = judge_on_test(chosen, parts, read_dictionary(), params, task=task)

    files.write_frame(judged.predictions, files.PREDICTIONS / "test.parquet")
    with files.whole(files.CHAMPION) as folder:
        copy_model(folders[chosen.choice.champion], folder)
    files.write_frame(with_out_of_fold(judged.board, summaries), files.METRICS / "leaderboard.csv")
    files.write_json(judged.report | ({"no_model": absent} if absent else {}), files.METRICS / "evaluate.json")
    for name, table in judged.tables.items():
        files.write_frame(table, files.PLOTS / f"{name}.csv")
    trials = {family: files.read_frame(folders[f"tune/{family}"] / files.TRIALS) for family in FAMILIES}
    drawn = {"shop": params.shop, "interval": params.evaluate.interval, "scoring": params.search.scoring}
    shown = judged.tables, trials, judged.labels, judged.propensities
    for name, picture in gallery.draw_all(*shown, choice=chosen.choice, **drawn):
        save(picture, files.PLOTS / "pictures" / f"{name}.png")


def read_part(part, task):
    """Return the feature table of a part; refuse one whose labels are all of one class."""
    table = read_rows(part)
    check_labels(table["label"], part=part, task=task)
    return table


if __name__ == "__main__":
    files.run(main)
