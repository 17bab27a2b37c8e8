"""Choose the champion on validation rows, and report every model on test rows."""

import shutil

from purchase import files
from purchase.evaluation import gate
from purchase.evaluation.baselines import baseline_columns, fit_baselines
from purchase.evaluation.bootstrap import calibration_error
from purchase.evaluation.candidates import model_folders, predictions_table, propensities_of
from purchase.evaluation.gallery import draw_all, plot_tables
from purchase.evaluation.importance import permutation_importance
from purchase.evaluation.leaderboard import choose, evaluation_report, judge
from purchase.evaluation.metrics import check_labels
from purchase.evaluation.style import save
from purchase.models.store import load_model
from purchase.params import FAMILIES, read_params
from purchase.shops import read_shop


def main():
    params = read_params()
    settings, shop, task = params.evaluate, params.shop, read_shop(params.shop).task

    validation = files.read_frame(files.FEATURES / "validation.parquet")
    check_labels(validation["label"], part="validation", task=task)
    known = baseline_columns(validation.columns)
    baselines = fit_baselines(files.read_frame(files.FEATURES / "train.parquet", columns=["label", *known]))
    models = {name: load_model(folder) for name, folder in model_folders(files.MODELS).items()} | baselines
    choosing = {"champion_metric": settings.champion_metric, "threshold": settings.threshold}
    choice = choose(validation["label"], propensities_of(models, validation), baselines=baselines, **choosing)
    champion, threshold = models[choice.champion], choice.thresholds[choice.champion]
    shuffling = {"n_repeats": settings.n_importance_repeats, "seed": params.seed}
    importance = permutation_importance(champion.predict_propensity, validation, **shuffling)

    # From here on nothing is chosen any more: the test rows are read, once.
    test = files.read_frame(files.FEATURES / "test.parquet")
    check_labels(test["label"], part="test", task=task)
    labels, propensities = test["label"].to_numpy(), propensities_of(models, test)
    resampling = {"n_bootstrap": settings.n_bootstrap, "interval": settings.interval, "seed": params.seed}
    board = judge(labels, propensities, test["group"], choice, **resampling)
    error = calibration_error(
        labels, propensities[choice.champion], test["group"], n_bins=settings.n_calibration_bins, **resampling
    )
    about = {"shop": shop, "task": task, "n_validation": len(validation), "labels": labels}
    report = evaluation_report(board, choice, error, **about)
    report["gate"] = gate.hold(params.gate.model_dump(), report)
    binning = {"n_calibration_bins": settings.n_calibration_bins, "interval": settings.interval}
    tables = plot_tables(labels, propensities[choice.champion], importance, threshold=threshold, **binning)
    trials = {family: files.read_frame(files.PLOTS / "search" / f"{family}.csv") for family in FAMILIES}

    files.write_frame(
        predictions_table(test, champion, propensities[choice.champion]), files.PREDICTIONS / "test.parquet"
    )
    with files.whole(files.CHAMPION) as folder:
        shutil.copytree(files.MODELS / choice.champion, folder, ignore=shutil.ignore_patterns(files.OUT_OF_FOLD))
    files.write_frame(board, files.METRICS / "leaderboard.csv")
    files.write_json(report, files.METRICS / "evaluate.json")
    for name, table in tables.items():
        files.write_frame(table, files.PLOTS / f"{name}.csv")
    drawn = {"shop": shop, "interval": settings.interval, "scoring": params.tune.scoring}
    for name, picture in draw_all(tables, trials, labels, propensities, choice=choice, **drawn):
        save(picture, files.PLOTS / "pictures" / f"{name}.png")


if __name__ == "__main__":
    files.run(main)
