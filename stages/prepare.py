"""Turn the shop's raw files into the four tables; account for every row."""

from purchase import files
from purchase.engines.duckdb import connect
from purchase.intake.take_in import take_in
from purchase.params import read_params
from purchase.shops import SHOPS, read_shop


def main():
    """Read data/raw/<shop>, write data/tables and metrics/prepare.json."""
    params = read_params()
    shop = read_shop(params.shop)
    with (
        files.whole(files.TABLES) as folder,
        connect(n_threads=params.n_threads, memory_gb=params.memory_gb) as connection,
    ):
        account = take_in(
            connection,
            shop,
            files.RAW / params.shop,
            folder,
            yaml=str(SHOPS / f"{params.shop}.yaml"),
            batch_rows=params.prepare.batch_rows,
            max_gap_days=params.prepare.max_gap_days,
        )
    files.write_json(account, files.METRICS / "prepare.json")


if __name__ == "__main__":
    files.run(main)
