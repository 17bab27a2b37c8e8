"""Search a family's settings on folds of the training rows, and fit the best as ``train`` fits the defaults."""

import sys

from tqdm import tqdm

from purchase.files import (
    FEATURES,
    LOGS,
    METRICS,
    MODELS,
    OUT_OF_FOLD,
    PLOTS,
    read_frame,
    run,
    whole,
    write_frame,
    write_json,
)
from purchase.models.folds import make_folds
from purchase.models.search import search_settings
from purchase.models.store import save_model
from purchase.models.training import fit_model, summarize
from purchase.params import read_params


def main():
    family = sys.argv[1]
    params = read_params()
    settings, search = getattr(params.train, family), getattr(params.tune, family)
    features = read_frame(FEATURES / "train.parquet")
    common = {"family": family, "seed": params.seed, "n_threads": params.n_threads}
    common["folds"] = make_folds(
        features, n_folds=params.folds.n_folds, horizon_days=params.cutoffs.horizon_days, seed=params.seed
    )
    with tqdm(total=0, desc=f"tune {family}", unit="fit", disable=None) as common["progress"]:
        best, trials, seconds = search_settings(features, settings, search, scoring=params.tune.scoring, **common)
        model, out_of_fold = fit_model(features, best, calibration=params.train.calibration, **common)
    with whole(MODELS / "tune" / family) as folder:
        save_model(model, folder)
        write_frame(out_of_fold, folder / OUT_OF_FOLD)
    write_frame(trials, PLOTS / "search" / f"{family}.csv")
    write_frame(seconds, LOGS / "tune" / f"{family}.csv")
    chosen = {name: getattr(best, name) for name in search.candidates()}
    write_json(
        summarize(features, out_of_fold) | {"best": chosen, "n_trials": len(trials)},
        METRICS / "tune" / f"{family}.json",
    )


if __name__ == "__main__":
    run(main)
