"""Fit the network that reads each row's last events besides its features, with its default settings, as ``train`` does.

A stage of its own, so that no other family depends on the events. Where rows have none, its folder says so.
"""

from purchase.files import MODELS, SUMMARY, run, whole, write_json
from purchase.models.last_events import no_events, read_rows
from purchase.params import read_params
from stages.train import fit_family

FAMILY = "sequence_network"


def main():
    features = read_rows("train")
    if reason := no_events(features):
        with whole(MODELS / "train" / FAMILY) as folder:
            folder.mkdir()
            write_json({"not_available": reason}, folder / SUMMARY)
    else:
        fit_family(FAMILY, features, read_params())


if __name__ == "__main__":
    run(main)
