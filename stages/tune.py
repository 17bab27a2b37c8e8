"""Search a family's settings on folds of the training rows, and fit the best as ``train`` fits the defaults."""

import sys

from tqdm import tqdm

from purchase import files
from purchase.models.folds import make_folds
from purchase.models.kept import code_hash, kept_trials
from purchase.models.search import search_settings
from purchase.models.store import save_model
from purchase.models.training import fit_model, summarize
from purchase.params import read_params


def main():
    family = sys.argv[1]
    params = read_params()
    settings, space, search = getattr(params.train, family), getattr(params.tune, family), params.search
    features = files.read_frame(files.FEATURES / "train.parquet")
    horizon_days, n_threads = params.cutoffs.horizon_days, params.n_threads
    folds = make_folds(features, n_folds=params.fit.n_folds, horizon_days=horizon_days, seed=params.seed)
    common = {"family": family, "folds": folds, "seed": params.seed, "n_threads": n_threads}
    searching = common | {"scoring": search.scoring}
    about = (features, settings.model_dump(), space.model_dump(), searching, code_hash())
    kept = kept_trials(files.LOGS / "tune" / f"{family}.jsonl", *about)
    at = {"backend": search.backend, "n_jobs": search.n_jobs, "address": search.address}
    with tqdm(total=0, desc=f"tune {family}", unit="fit", disable=None) as progress, kept as trials:
        searching |= {"at": at, "trials": trials, "progress": progress}
        best, table, seconds = search_settings(features, settings, space, **searching)
        model, out_of_fold = fit_model(features, best, calibration=params.fit.calibration, progress=progress, **common)
        with files.whole(files.MODELS / "tune" / family) as folder:
            save_model(model, folder)
            files.write_frame(out_of_fold, folder / files.OUT_OF_FOLD)
            files.write_frame(table, folder / files.TRIALS)
            found = {"best": {name: getattr(best, name) for name in space.candidates()}, "n_trials": len(table)}
            files.write_json(summarize(features, out_of_fold) | found, folder / files.SUMMARY)
        files.write_frame(seconds, files.LOGS / "tune" / f"{family}.csv")


if __name__ == "__main__":
    files.run(main)
