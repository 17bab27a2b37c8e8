"""Write the simulated shop: three CSV exports, and the truth about it apart."""

from contextlib import ExitStack

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from purchase.simulation import export, text
from purchase.simulation.catalogue import CATEGORIES
from purchase.simulation.population import DEVICES
from purchase.simulation.shop import Shop

PROPENSITY = {"customer_id": pa.string(), "cutoff": pa.int64(), "true_propensity": pa.float64()}
SESSION_PROPENSITY = {"session_id": pa.string(), "true_propensity": pa.float64()}


def write_shop(params, *, raw, truth):
    """Live through the shop and write it to two new folders.

    Parameters
    ----------
    params : SimulateParams
        The section ``simulate`` of params.yaml.
    raw : Path
        Gets customers.csv, events.csv and orders.csv.
    truth : Path
        Gets traits.parquet, customer_propensity.parquet (customer_id, cutoff in seconds, true_propensity: the chance
        of an order in [cutoff, cutoff + truth_horizon_days)) and session_propensity.parquet (session_id,
        true_propensity: the chance, when the session starts, that it ends with an order).
    """
    shop = Shop(params)
    raw.mkdir(parents=True)
    truth.mkdir(parents=True)
    with ExitStack() as files:
        enter = files.enter_context
        enter(export.csv_file(raw / "customers.csv"))(export.customer_rows(shop.customers()))
        traits = trait_rows(shop)
        enter(export.parquet_file(truth / "traits.parquet", pa.table(traits).schema))(traits)
        write_events = enter(export.csv_file(raw / "events.csv"))
        write_orders = enter(export.csv_file(raw / "orders.csv"))
        write_customers = enter(export.parquet_file(truth / "customer_propensity.parquet", PROPENSITY))
        write_sessions = enter(export.parquet_file(truth / "session_propensity.parquet", SESSION_PROPENSITY))
        campaigns = export.campaign_names(shop.calendar)
        n_chunks = -(-params.n_days // params.chunk_days)
        for events, orders, sessions, cutoffs in tqdm(shop.chunks(), "simulate", n_chunks, disable=None, unit="chunk"):
            write_events(export.event_rows(events, campaigns))
            write_orders(export.order_rows(orders))
            write_sessions(session_truth(sessions))
            for cutoff in cutoffs:
                write_customers(customer_truth(cutoff))


def session_truth(sessions):
    return {
        "session_id": text.tokens("s", sessions["session"]),
        "true_propensity": export.rounded(sessions["propensity"]),
    }


def customer_truth(cutoff):
    return {
        "customer_id": text.ids("c", cutoff["customer"]),
        "cutoff": cutoff["cutoff"],
        "true_propensity": export.rounded(cutoff["propensity"]),
    }


def trait_rows(shop):
    """Return the latent traits of each customer; ``dropped_out_at`` may lie after the export.

    In single precision: the last digits of a double would differ between processors.
    """
    people, traits = shop.population, shop.population.traits
    taste = np.diff(traits.taste, axis=1, prepend=np.float32(0))
    return {
        "customer_id": text.ids("c", np.arange(len(people))),
        "visits_per_day": np.float32(traits.visits),
        "conversion_logit": np.float32(traits.conversion),
        "needs_per_day": np.float32(traits.need),
        "dropout_per_day": np.float32(traits.dropout),
        "dropped_out_at": shop.calendar.at(people.dropout_day),
        "price_sensitivity": np.float32(traits.sensitivity),
        "email_open_chance": np.float32(traits.opens),
        "main_device": text.words(traits.device, DEVICES),
    } | {f"taste_{name}": taste[:, place] for place, name in enumerate(CATEGORIES)}
