"""Fit a family with its default settings, and score the training rows out of fold."""

import sys

from tqdm import tqdm

from purchase.files import FEATURES, MODELS, OUT_OF_FOLD, SUMMARY, read_frame, run, whole, write_frame, write_json
from purchase.models.folds import make_folds
from purchase.models.store import save_model
from purchase.models.training import fit_model, summarize
from purchase.params import read_params


def main():
    family = sys.argv[1]
    params = read_params()
    features = read_frame(FEATURES / "train.parquet")
    folds = make_folds(features, n_folds=params.fit.n_folds, horizon_days=params.cutoffs.horizon_days, seed=params.seed)
    with tqdm(total=0, desc=f"train {family}", unit="fit", disable=None) as progress:
        model, out_of_fold = fit_model(
            features,
            getattr(params.train, family),
            family=family,
            folds=folds,
            calibration=params.fit.calibration,
            seed=params.seed,
            n_threads=params.n_threads,
            progress=progress,
        )
    with whole(MODELS / "train" / family) as folder:
        save_model(model, folder)
        write_frame(out_of_fold, folder / OUT_OF_FOLD)
        write_json(summarize(features, out_of_fold), folder / SUMMARY)


if __name__ == "__main__":
    run(main)
