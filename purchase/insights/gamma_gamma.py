"""The Gamma-Gamma model of what an order is worth, beside BG/NBD: a customer's mean order, drawn to the shop's.

References
----------
P. S. Fader, B. G. S. Hardie (2013), "The Gamma-Gamma Model of Monetary Value": the likelihood is its equation (1a), the
expected mean order its equation (5); the parameters bear its names.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

N_DIGITS = 5  # that every processor and every version of a special function agree on
PULL = 0.05  # of the logarithms of the parameters to 0, a customer's worth or so


@dataclass(frozen=True)
class GammaGamma:
    p: float
    q: float
    v: float

    def mean_order(self, n_orders, mean_value):
        """Return the expected mean order of customers with ``n_orders`` of ``mean_value`` so far; of 0, anyone's."""
        return self.p * (self.v + n_orders * mean_value) / (self.p * n_orders + self.q - 1)


def log_likelihood(p, q, v, n_orders, mean_value):
    """Return the log-likelihood of each customer's mean order."""
    shape = p * n_orders
    return (
        gammaln(shape + q)
        - gammaln(shape)
        - gammaln(q)
        + q * np.log(v)
        + (shape - 1) * np.log(mean_value)
        + shape * np.log(n_orders)
        - (shape + q) * np.log(n_orders * mean_value + v)
    )


def fit_gamma_gamma(n_orders, mean_value):
    """Fit the model by maximum likelihood; q is kept above 1, without which there is no mean.

    Parameters
    ----------
    n_orders, mean_value : arrays of shape (n_customers,)
        Above 0.

    Returns
    -------
    GammaGamma
    """
    n_orders, mean_value = np.asarray(n_orders, dtype=float), np.asarray(mean_value, dtype=float)
    unit = mean_value.mean()

    def parameters(logs):
        p, above, v = np.exp(logs)
        return p, 1 + above, v

    def loss(logs):
        told = log_likelihood(*parameters(logs), n_orders, mean_value / unit)
        return (PULL * logs @ logs - told.sum()) / len(told)

    found = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=[(-6, 6)] * 3)
    p, q, v = (float(f"{value:.{N_DIGITS - 1}e}") for value in parameters(found.x))
    return GammaGamma(p, q, v * unit)
