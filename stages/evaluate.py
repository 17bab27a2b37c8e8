"""Choose the champion on validation rows, and report every model on test rows."""

from purchase import files
from purchase.evaluation import gallery
from purchase.evaluation.candidates import model_folders
from purchase.evaluation.contest import choose_on_validation, judge_on_test
from purchase.evaluation.leaderboard import with_out_of_fold
from purchase.evaluation.metrics import check_labels
from purchase.evaluation.style import save
from purchase.models.store import copy_model, load_model
from purchase.params import FAMILIES, read_params
from purchase.shops import read_shop


def main():
    params = read_params()
    task = read_shop(params.shop).task
    train, validation = (read_part(part, task) for part in ("train", "validation"))
    folders = model_folders(files.MODELS)
    models = {name: load_model(folder) for name, folder in folders.items()}
    chosen = choose_on_validation(models, train, validation, params.evaluate, seed=params.seed)

    # From here on nothing is chosen any more: the test rows are read, once.
    parts = {"train": train, "validation": validation, "test": read_part("test", task)}
    dictionary = files.read_frame(files.FEATURES / "dictionary.csv")
    judged = judge_on_test(chosen, parts, dictionary, params, task=task)

    files.write_frame(judged.predictions, files.PREDICTIONS / "test.parquet")
    with files.whole(files.CHAMPION) as folder:
        copy_model(folders[chosen.choice.champion], folder)
    summaries = {name: files.read_json(folder / files.SUMMARY) for name, folder in folders.items()}
    files.write_frame(with_out_of_fold(judged.board, summaries), files.METRICS / "leaderboard.csv")
    files.write_json(judged.report, files.METRICS / "evaluate.json")
    for name, table in judged.tables.items():
        files.write_frame(table, files.PLOTS / f"{name}.csv")
    trials = {family: files.read_frame(folders[f"tune/{family}"] / files.TRIALS) for family in FAMILIES}
    drawn = {"shop": params.shop, "interval": params.evaluate.interval, "scoring": params.search.scoring}
    shown = judged.tables, trials, judged.labels, judged.propensities
    for name, picture in gallery.draw_all(*shown, choice=chosen.choice, **drawn):
        save(picture, files.PLOTS / "pictures" / f"{name}.png")


def read_part(part, task):
    """Return the feature table of a part; refuse one whose labels are all of one class."""
    table = files.read_frame(files.FEATURES / f"{part}.parquet")
    check_labels(table["label"], part=part, task=task)
    return table


if __name__ == "__main__":
    files.run(main)
