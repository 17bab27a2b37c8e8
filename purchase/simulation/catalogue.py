"""What the shop sells: categories, products of Zipf popularity, prices, and how often each category comes back."""

from dataclasses import dataclass

import numpy as np

from purchase.simulation.streams import stream

CATEGORIES = ("apparel", "beauty", "books", "electronics", "home", "shoes", "sports", "toys")
DEMAND = np.array([0.22, 0.12, 0.11, 0.14, 0.14, 0.11, 0.08, 0.08])  # share of interest of each category
TRENDING = np.array([0.06, 0.22, 0.04, 0.20, 0.10, 0.06, 0.28, 0.04])  # what the drift moves interest to
MEDIAN_PRICE = np.array([3900, 1900, 1400, 8900, 3400, 6400, 4200, 2300])  # cents
# Share of order lines returned. Published means of online orders: 20.8 % in 2021, 16.5 % in 2022 (National Retail
# Federation and Appriss Retail, "Consumer Returns in the Retail Industry"); clothing is the highest everywhere.
RETURN_RATE = np.array([0.23, 0.08, 0.075, 0.12, 0.11, 0.21, 0.13, 0.09])
N_PRODUCTS = 150  # of each category
ZIPF_EXPONENT = 1.0
PRICE_SPREAD = 0.55  # standard deviation of the logarithm of prices in a category


@dataclass(frozen=True)
class Catalogue:
    """Products of shape (n_products,), sorted by category.

    Attributes
    ----------
    category : int8
        Position in CATEGORIES.
    price_cents : int64
        Price before drift and discount.
    reach : float
        category + cumulative popularity within it, so that one search finds a product of a given category.
    """

    category: np.ndarray
    price_cents: np.ndarray
    reach: np.ndarray

    def draw(self, rng, category):
        """Return a product for each entry of ``category``, by popularity."""
        return np.searchsorted(self.reach, category + rng.random(len(category)), side="right").astype(np.int32)

    def price_at(self, product, drift):
        """Return prices in cents after a drift (a share, an array like ``product``), before discounts."""
        return self.price_cents[product] * (1000 + np.rint(1000 * drift).astype(np.int64)) // 1000


def make_catalogue(seed):
    """Return the Catalogue of a seed."""
    rng = stream(seed, "catalogue")
    category = np.repeat(np.arange(len(CATEGORIES), dtype=np.int8), N_PRODUCTS)
    spread = np.exp(PRICE_SPREAD * rng.standard_normal(len(category)))
    whole = np.rint(MEDIAN_PRICE[category] * spread / 100).astype(np.int64)
    popularity = 1 / np.arange(1, N_PRODUCTS + 1) ** ZIPF_EXPONENT
    cumulative = np.cumsum(popularity / popularity.sum())
    cumulative[-1] = 1.0
    return Catalogue(
        category=category,
        price_cents=np.maximum(whole, 2) * 100 - 1,  # 19.99 and the like
        reach=(np.arange(len(CATEGORIES))[:, None] + cumulative).ravel(),
    )
