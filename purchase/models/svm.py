"""Support vector machine; Nystroem features stand for the RBF kernel, whose exact fit grows with the rows squared."""

from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from purchase.models.balance import balanced
from purchase.models.pipelines import load_pipeline, save_pipeline
from purchase.models.preparation import DensePreparation
from purchase.models.selection import column_steps

save, load = save_pipeline, load_pipeline
KERNEL = {"gamma", "n_components", "exact_below"}
STEPS = dict.fromkeys(sorted(KERNEL), "kernel")
SCORE = "decision_function"


class Kernel(Nystroem):
    """Nystroem features; of at most ``exact_below`` rows, all are landmarks, which is the kernel itself.

    References
    ----------
    Williams and Seeger (2001), "Using the Nystroem method to speed up kernel machines" (NIPS 13), section 3.
    """

    def __init__(self, *, gamma=None, n_components=100, exact_below=0, random_state=None):
        super().__init__(gamma=gamma, n_components=n_components, random_state=random_state)
        self.exact_below = exact_below

    def fit(self, X, y=None):
        n_components = self.n_components
        self.n_components = len(X) if len(X) <= self.exact_below else min(n_components, len(X))
        try:
            return super().fit(X)
        finally:
            self.n_components = n_components


class MarginClassifier(LinearSVC):
    """A linear support vector machine with probabilities: a sigmoid of the margin, fitted on the same rows.

    Few weights and many rows leave little to overfit, and the calibrator corrects what is left on rows out of fold.
    """

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight=sample_weight)
        self.sigmoid_ = LogisticRegression(C=1e4).fit(self.decision_function(X)[:, None], y, sample_weight)
        return self

    def predict_proba(self, X):
        return self.sigmoid_.predict_proba(self.decision_function(X)[:, None])


def build(settings, *, seed, n_threads):
    kernel = Kernel(**settings.model_dump(include=KERNEL), random_state=seed)
    # Stopped early (tol=0.1 takes half the time), a difference in the 15th digit of a feature moves a margin by 0.02.
    weight = "balanced" if settings.positive_weight == "balanced" else None
    model = MarginClassifier(C=settings.C, class_weight=weight, dual=False, tol=1e-6, random_state=seed)
    return Pipeline(
        [
            *column_steps(settings, seed=seed),
            ("prepare", DensePreparation()),
            ("kernel", kernel),
            ("model", balanced(model, settings)),
        ]
    )
