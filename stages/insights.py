"""Say what the shop should do with the predictions: whom to contact, what it earns, why, and how sure that is."""

from purchase import files
from purchase.evaluation.style import save
from purchase.insights.about import about_part
from purchase.insights.build import build, plain
from purchase.insights.gallery import draw_all
from purchase.insights.read import TABLES, read_found
from purchase.models.last_events import told_features
from purchase.params import read_params
from purchase.shops import read_shop


def main():
    params = read_params()
    shop = read_shop(params.shop, scoring_moment=params.featurize.scoring_moment)
    found = read_found(params, shop)
    parts, targets = build(found, params)
    parts["about"] = about_part(shop, TABLES, n_features=len(told_features(found.test)), params=params)

    files.write_frame(targets, files.INSIGHTS / "targets.csv")
    files.write_json(plain({name: part.numbers for name, part in parts.items()}), files.METRICS / "insights.json")
    with files.whole(files.PLOTS / "insights") as folder:
        for name, table in ((name, table) for part in parts.values() for name, table in part.tables.items()):
            files.write_frame(table, folder / f"{name}.csv")
        for name, picture in draw_all(parts, currency=shop.currency):
            save(picture, folder / f"{name}.png")


if __name__ == "__main__":
    files.run(main)
