"""Make up a shop: its customers, browsing events and orders, dirt included, and the truth about it apart."""

from purchase.files import RAW, TRUTH, run, whole
from purchase.params import read_params
from purchase.simulation.writing import write_shop


def main():
    params = read_params().simulate
    with whole(RAW / "simulated") as raw, whole(TRUTH) as truth:
        write_shop(params, raw=raw, truth=truth)


if __name__ == "__main__":
    run(main)
