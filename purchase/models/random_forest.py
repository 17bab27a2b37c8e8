"""Random forest, or extremely randomized trees (scikit-learn)."""

from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline

from purchase.models.balance import BALANCE, balanced
from purchase.models.pipelines import load_pipeline, save_pipeline
from purchase.models.preparation import ordinal_preparation
from purchase.models.selection import COLUMNS, column_steps

save, load = save_pipeline, load_pipeline


class _InOrder:
    """Trees vote in order: threads add votes as they come, which may change a sum's last bit."""

    def predict_proba(self, X):
        n_jobs, self.n_jobs = self.n_jobs, 1
        try:
            return super().predict_proba(X)
        finally:
            self.n_jobs = n_jobs


class Forest(_InOrder, RandomForestClassifier):
    pass


class ExtraTrees(_InOrder, ExtraTreesClassifier):
    """Cuts columns at random places (Geurts, Ernst and Wehenkel 2006), on drawn rows as the forest does."""


def build(settings, *, seed, n_threads):
    trees = ExtraTrees if settings.extra_trees else Forest
    drawn = settings.model_dump(exclude=COLUMNS | BALANCE | {"extra_trees"})
    model = trees(**drawn, bootstrap=True, n_jobs=n_threads, random_state=seed)
    return Pipeline(
        [
            *column_steps(settings, seed=seed),
            ("prepare", ordinal_preparation()),
            ("model", balanced(model, settings)),
        ]
    )
