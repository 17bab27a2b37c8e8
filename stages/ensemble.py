"""Blend the models of train and tune by weights that their out-of-fold propensities chose."""

from purchase.files import MODELS, OUT_OF_FOLD, SUMMARY, read_frame, run, whole, write_frame, write_json
from purchase.models.ensemble import Ensemble
from purchase.models.folders import FITTED, model_folders
from purchase.models.store import save_ensemble
from purchase.models.training import out_of_fold_metrics
from purchase.models.weighing import weigh
from purchase.params import read_params


def main():
    params = read_params()
    folders = model_folders(MODELS, FITTED)
    tables = {name: read_frame(folder / OUT_OF_FOLD) for name, folder in folders.items()}
    weights, out_of_fold = weigh(tables, n_rounds=params.ensemble.n_rounds)
    about = {"out_of_fold": out_of_fold_metrics(out_of_fold), "n_members": len(weights), "weights": weights}
    with whole(MODELS / Ensemble.family) as folder:
        save_ensemble(weights, folders, folder)
        write_frame(out_of_fold, folder / OUT_OF_FOLD)
        write_json(about, folder / SUMMARY)


if __name__ == "__main__":
    run(main)
