"""Random forest (scikit-learn)."""

from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from purchase.models.crosses import CROSSING, crosses
from purchase.models.pipelines import load_pipeline, save_pipeline
from purchase.models.preparation import ordinal_preparation

save, load = save_pipeline, load_pipeline


class Forest(RandomForestClassifier):
    """A forest whose trees vote in order: threads add votes as they come, which may change a sum's last bit."""

    def predict_proba(self, X):
        n_jobs, self.n_jobs = self.n_jobs, 1
        try:
            return super().predict_proba(X)
        finally:
            self.n_jobs = n_jobs


def build(settings, *, seed, n_threads):
    model = Forest(**settings.model_dump(exclude=CROSSING), n_jobs=n_threads, random_state=seed)
    return Pipeline([*crosses(settings, seed=seed), ("prepare", ordinal_preparation()), ("model", model)])
