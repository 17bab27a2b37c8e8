"""Logistic regression with a ridge or elastic net penalty."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from purchase.models.balance import balanced
from purchase.models.pipelines import load_pipeline, save_pipeline
from purchase.models.preparation import DensePreparation
from purchase.models.selection import column_steps

save, load = save_pipeline, load_pipeline


class PenalisedRegression(LogisticRegression):
    """Takes the fastest solver that the penalty allows: L-BFGS for a ridge, SAGA (many times slower) otherwise."""

    def fit(self, X, y, sample_weight=None):
        self.solver = "saga" if self.l1_ratio else "lbfgs"
        return super().fit(X, y, sample_weight=sample_weight)


def build(settings, *, seed, n_threads):
    model = PenalisedRegression(C=settings.C, l1_ratio=settings.l1_ratio, max_iter=1000, random_state=seed)
    return Pipeline(
        [
            *column_steps(settings, seed=seed),
            ("prepare", DensePreparation(fit_order="C")),
            ("model", balanced(model, settings)),
        ]
    )
