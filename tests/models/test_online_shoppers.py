import numpy as np

from benchmarks.online_shoppers import read_sessions, score_family
from purchase.params import read_params


def test_lightgbm_reaches_0_930_roc_auc_on_real_sessions(real_data):
    sessions = read_sessions(real_data)
    assert sessions.shape == (12_330, 6 + 17)
    rows = score_family(sessions, "lightgbm", params=read_params())
    assert np.mean([row["roc_auc"] for row in rows]) >= 0.930
