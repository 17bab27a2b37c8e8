"""Fit a family with its default settings, and score the training rows out of fold."""

import sys

from tqdm import tqdm

from purchase.files import FEATURES, MODELS, OUT_OF_FOLD, SUMMARY, read_frame, run, whole, write_frame, write_json
from purchase.models.folds import make_folds
from purchase.models.selection_effect import selection_effect
from purchase.models.store import save_model
from purchase.models.training import fit_model, summarize
from purchase.params import read_params


def main():
    fit_family(sys.argv[1], read_frame(FEATURES / "train.parquet"), read_params())


def fit_family(family, features, params):
    """Fit a family on the rows of a feature table, and write its folder."""
    folds = make_folds(features, n_folds=params.fit.n_folds, horizon_days=params.cutoffs.horizon_days, seed=params.seed)
    settings = getattr(params.train, family)
    common = {"family": family, "folds": folds, "seed": params.seed, "n_threads": params.n_threads}
    with tqdm(total=0, desc=f"train {family}", unit="fit", disable=None) as progress:
        common |= {"progress": progress}
        model, out_of_fold = fit_model(features, settings, calibration=params.fit.calibration, **common)
        summary = summarize(features, out_of_fold)
        if getattr(settings, "selection", "none") != "none":
            summary["selection"], seconds = selection_effect(features, settings, **common)
            tqdm.write(f"With its choice of features, {seconds['with']:.1f} s; without, {seconds['without']:.1f} s.")
    with whole(MODELS / "train" / family) as folder:
        save_model(model, folder)
        write_frame(out_of_fold, folder / OUT_OF_FOLD)
        write_json(summary, folder / SUMMARY)


if __name__ == "__main__":
    run(main)
