"""The BG/NBD model of repeat buying: who is still a customer, and how many orders to expect.

While alive, a customer orders at a rate of their own, and after each order drops out with a chance of their own; rates
follow a gamma(r, alpha) and chances a beta(a, b) distribution over customers.

References
----------
P. S. Fader, B. G. S. Hardie, K. L. Lee: "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model.
Marketing Science 24 (2), 2005. The likelihood is its equation (6), the expected orders its equation (10); the
parameters bear its names.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

# Digits that every processor and every version of a special function agree on; more say nothing about a customer.
N_DIGITS = 5
# A weak pull of the logarithms of the parameters to 0, a customer's worth or so: with few repeat orders, the likelihood
# rises without end towards parameters at which nothing can be computed.
PULL = 0.05


@dataclass(frozen=True)
class BGNBD:
    """The model with its four parameters.

    Methods take ``n_repeats`` (orders after the first), ``recency`` (first to last order) and ``age`` (first order to
    now), arrays of the same shape and in the same unit of time as the fit.
    """

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, n_repeats, recency, age):
        """Return the probability that the customer has not dropped out."""
        return 1 / (1 + self._odds_of_death(n_repeats, recency, age))

    def orders_soon(self, n_repeats, recency, age, horizon):
        """Return the probability of an order within ``horizon`` from now."""
        none = np.exp((self.r + n_repeats) * np.log((self.alpha + age) / (self.alpha + age + horizon)))
        return self.alive(n_repeats, recency, age) * (1 - none)

    def expected_orders(self, n_repeats, recency, age, horizon):
        """Return the expected number of orders within ``horizon`` from now."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        if a == 1 or a + b == 1:  # where the formula is 0 / 0, though its limit is not
            a += 1e-4
        total = alpha + age + horizon
        gauss = hyp2f1(r + n_repeats, b + n_repeats, a + b + n_repeats - 1, horizon / total)
        left = np.exp((r + n_repeats) * np.log((alpha + age) / total)) * gauss
        scale = (a + b + n_repeats - 1) / (a - 1)
        return scale * (1 - left) * self.alive(n_repeats, recency, age)

    def _odds_of_death(self, n_repeats, recency, age):
        grown = np.exp((self.r + n_repeats) * np.log((self.alpha + age) / (self.alpha + recency)))
        repeats = np.maximum(n_repeats, 1)
        return np.where(n_repeats > 0, self.a / (self.b + repeats - 1) * grown, 0.0)


def log_likelihood(parameters, n_repeats, recency, age):
    """Return each customer's log-likelihood; ``parameters`` are r, alpha, a and b."""
    r, alpha, a, b = parameters
    bought = gammaln(r + n_repeats) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + n_repeats) - betaln(a, b)
    repeats = np.maximum(n_repeats, 1)
    alive = -(r + n_repeats) * np.log(alpha + age)
    left = np.log(a) - np.log(b + repeats - 1) - (r + n_repeats) * np.log(alpha + recency)
    return bought + stayed + np.where(n_repeats > 0, np.logaddexp(alive, left), alive)


def fit_bg_nbd(n_repeats, recency, age, weights):
    """Fit the model by maximum likelihood.

    Parameters
    ----------
    n_repeats, recency, age, weights : array of shape (n_kinds,)
        Kinds of customers, and how many there are of each.

    Returns
    -------
    BGNBD
        Its parameters rounded to ``N_DIGITS`` digits.
    """
    n_repeats, recency, age = (np.asarray(values, dtype=float) for values in (n_repeats, recency, age))
    unit = max(float(np.average(age, weights=weights)), 1.0)

    def loss(logs):
        likelihood = log_likelihood(np.exp(logs), n_repeats, recency / unit, age / unit)
        return (PULL * logs @ logs - weights @ likelihood) / np.sum(weights)

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-8, 8)] * 4, options={"ftol": 1e-13, "gtol": 1e-9})
    r, alpha, a, b = np.exp(found.x) * (1, unit, 1, 1)
    return BGNBD(*(rounded(value) for value in (r, alpha, a, b)))


def models_of_json(content):
    """Return {cutoff: BGNBD}, cutoffs in seconds, of what data/features/bg_nbd.json holds."""
    return {int(cutoff): BGNBD(**parameters) for cutoff, parameters in content.items()}


def rounded(value, n_digits=N_DIGITS):
    """Round a number to so many significant digits."""
    return float(f"{value:.{n_digits - 1}e}")
