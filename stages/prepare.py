"""Turn the shop's raw files into the four tables; account for every row."""

from purchase.files import METRICS, RAW, TABLES, engine, run, whole, write_json
from purchase.intake.take_in import take_in
from purchase.params import read_params
from purchase.shops import SHOPS, read_shop


def main():
    """Read data/raw/<shop>, write data/tables and metrics/prepare.json."""
    params = read_params()
    shop = read_shop(params.shop)
    with (
        whole(TABLES) as folder,
        engine(n_threads=params.n_threads, memory_gb=params.memory_gb) as connection,
    ):
        account = take_in(
            connection,
            shop,
            RAW / params.shop,
            folder,
            yaml=str(SHOPS / f"{params.shop}.yaml"),
            batch_rows=params.prepare.batch_rows,
            max_gap_days=params.prepare.max_gap_days,
        )
    write_json(account, METRICS / "prepare.json")


if __name__ == "__main__":
    run(main)
