"""Choose the champion on validation rows, and report every model on test rows."""

import shutil

from purchase import files
from purchase.evaluation import gallery, gate, learning, protocols
from purchase.evaluation.baselines import baseline_columns, fit_baselines
from purchase.evaluation.bootstrap import calibration_error
from purchase.evaluation.candidates import model_folders, predictions_table, propensities_of
from purchase.evaluation.importance import permutation_importance
from purchase.evaluation.leaderboard import choose, evaluation_report, judge, with_out_of_fold
from purchase.evaluation.metrics import check_labels
from purchase.evaluation.style import save
from purchase.models.store import load_model
from purchase.params import FAMILIES, read_params
from purchase.shops import read_shop


def main():
    params = read_params()
    settings, seed, task = params.evaluate, params.seed, read_shop(params.shop).task
    resampling = {"n_bootstrap": settings.n_bootstrap, "interval": settings.interval, "seed": seed}
    binning = {"n_bins": settings.n_calibration_bins}

    train, validation = (read_part(part, task) for part in ("train", "validation"))
    baselines = fit_baselines(train[["label", *baseline_columns(validation.columns)]])
    folders = model_folders(files.MODELS)
    models = {name: load_model(folder) for name, folder in folders.items()} | baselines
    choosing = {"champion_metric": settings.champion_metric, "threshold": settings.threshold}
    choice = choose(validation["label"], propensities_of(models, validation), baselines=baselines, **choosing)
    champion, name = models[choice.champion], choice.champion
    shuffling = {"n_repeats": settings.n_importance_repeats, "seed": seed}
    importance = permutation_importance(champion.predict_propensity, validation, **shuffling)
    curve = learning.learning_curve(champion, train, validation, **resampling)

    # From here on nothing is chosen any more: the test rows are read, once.
    test = read_part("test", task)
    labels, propensities = test["label"].to_numpy(), propensities_of(models, test)
    board = judge(labels, propensities, test["group"], choice, **resampling)
    error = calibration_error(labels, propensities[name], test["group"], **binning, **resampling)
    moments = protocols.feature_sets_by_moment(files.read_frame(files.FEATURES / "dictionary.csv"))
    parts = {"train": train, "validation": validation, "test": test}
    compared = protocols.compare_protocols(champion, parts, feature_sets=moments, **resampling)
    about = {"shop": params.shop, "task": task, "n_validation": len(validation), "labels": labels}
    report = evaluation_report(board, choice, error, **about)
    report |= {"gate": gate.hold(params.gate.model_dump(), report)}
    report |= {"protocols": protocols.as_numbers(compared), "learning_curve": learning.last_step(curve)}

    files.write_frame(predictions_table(test, champion, propensities[name]), files.PREDICTIONS / "test.parquet")
    with files.whole(files.CHAMPION) as folder:
        beside = shutil.ignore_patterns(files.OUT_OF_FOLD, files.SUMMARY, files.TRIALS)
        shutil.copytree(folders[name], folder, ignore=beside)
    summaries = {model: files.read_json(folder / files.SUMMARY) for model, folder in folders.items()}
    files.write_frame(with_out_of_fold(board, summaries), files.METRICS / "leaderboard.csv")
    files.write_json(report, files.METRICS / "evaluate.json")
    drawn = {"choice": choice, "interval": settings.interval}
    tables = gallery.plot_tables(labels, propensities[name], importance, **binning, **drawn)
    tables |= {"learning_curve": curve, "protocols": compared}
    for name, table in tables.items():
        files.write_frame(table, files.PLOTS / f"{name}.csv")
    trials = {family: files.read_frame(folders[f"tune/{family}"] / files.TRIALS) for family in FAMILIES}
    drawn |= {"shop": params.shop, "scoring": params.search.scoring}
    for name, picture in gallery.draw_all(tables, trials, labels, propensities, **drawn):
        save(picture, files.PLOTS / "pictures" / f"{name}.png")


def read_part(part, task):
    """Return the feature table of a part; refuse one whose labels are all of one class."""
    table = files.read_frame(files.FEATURES / f"{part}.parquet")
    check_labels(table["label"], part=part, task=task)
    return table


if __name__ == "__main__":
    files.run(main)
