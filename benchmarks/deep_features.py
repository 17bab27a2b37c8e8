"""Features by Featuretools: ``PYTHON benchmarks/deep_features.py FOLDER OUT``, run by benchmarks.features.

PYTHON is that of an environment with requirements-featuretools.txt. FOLDER holds clean/ and split.parquet of a shop
that has orders alone. Deep feature synthesis with its default primitives, two levels deep, describes the customers of
the split at their cutoffs; a training window of ``lookback_days`` (the third argument) ends at each. Prints the seconds
that the synthesis took, without reading and writing, and the processor's.
"""

import sys
import time
import warnings
from pathlib import Path

import featuretools as ft
import pandas as pd

warnings.filterwarnings("ignore")


def main():
    folder, out, lookback_days = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    lines, split = (pd.read_parquet(folder / path) for path in ("clean/order_lines.parquet", "split.parquet"))
    tables, moments = entities(lines), cutoff_times(split)
    began, used = time.perf_counter(), time.process_time()
    matrix, _ = ft.dfs(
        entityset=tables,
        target_dataframe_name="customers",
        cutoff_time=moments,
        training_window=ft.Timedelta(lookback_days, "d"),
        max_depth=2,
        n_jobs=1,
    )
    print(time.perf_counter() - began, time.process_time() - used)
    columns = matrix.drop(columns="row_id")
    plain = {name: plain_column(values) for name, values in columns.items()}
    pd.DataFrame({"row_id": matrix["row_id"].astype(str)} | plain).to_parquet(out, index=False)


def entities(lines):
    """Return customers, their orders, and the lines of those, each known from the time of its order on."""
    lines = lines.assign(
        line=range(len(lines)),
        ordered_at=pd.to_datetime(lines["ordered_at"], unit="s"),
        paid_cents=lines["quantity"] * lines["unit_price_cents"] - lines["discount_cents"],
    )
    orders = lines.groupby("order_id", as_index=False).agg(
        customer_id=("customer_id", "first"), ordered_at=("ordered_at", "min")
    )
    customers = orders[["customer_id"]].drop_duplicates()
    lines = lines[["line", "order_id", "ordered_at", "product_id", "quantity", "unit_price_cents", "paid_cents"]]
    tables = ft.EntitySet("shop")
    tables.add_dataframe(dataframe_name="customers", dataframe=customers, index="customer_id")
    tables.add_dataframe(dataframe_name="orders", dataframe=orders, index="order_id", time_index="ordered_at")
    kinds = {"product_id": "Categorical"}
    tables.add_dataframe(
        dataframe_name="lines", dataframe=lines, index="line", time_index="ordered_at", logical_types=kinds
    )
    tables.add_relationship("customers", "customer_id", "orders", "customer_id")
    tables.add_relationship("orders", "order_id", "lines", "order_id")
    return tables


def cutoff_times(split):
    """Return the rows; Featuretools sees what happens at a cutoff, so its cutoffs are a second earlier."""
    at = pd.to_datetime(split["cutoff"] - 1, unit="s")
    return pd.DataFrame({"customer_id": split["customer_id"], "time": at, "row_id": split["row_id"]})


def plain_column(values):
    if pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        return values.to_numpy(dtype=float, na_value=float("nan"))
    return values.astype("object").where(values.notna(), None).map(lambda value: None if value is None else str(value))


if __name__ == "__main__":
    main()
