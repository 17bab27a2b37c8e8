"""Categories of the boosters, of which there may be very many."""

import pandas as pd

from purchase.models.preparation import MAX_NATIVE_CATEGORIES, NativeCategories


def test_of_very_many_categories_the_most_frequent_stay_and_of_equals_the_first_in_the_alphabet():
    names = [f"c{n:06d}" for n in range(50_000)]
    table = pd.DataFrame({"city": [*names, "c049999", "c049998"]})
    fitted = NativeCategories().fit(table)
    assert len(fitted.categories_["city"]) == MAX_NATIVE_CATEGORIES
    assert fitted.categories_["city"][-2:] == ["c049998", "c049999"]
    assert fitted.categories_["city"][:-2] == names[: MAX_NATIVE_CATEGORIES - 2]
    found = fitted.transform(pd.DataFrame({"city": ["c000000", "c040000", "nowhere", None]}))["city"]
    assert found.isna().tolist() == [False, True, True, True]
