import pytest

from purchase.audit.findings import Declared, Finding, Touched, find

# A stage that touches what it declares: a file and a folder read, a section and a key used, an out and a log written.
DECLARED = {
    "deps": {"data/raw", "purchase/models", "stages/train.py", "requirements.txt"},
    "params": {"train.svm", "seed"},
    "outs": {"models/svm", "metrics/svm.json"},
    "logs": {"logs/svm.csv"},
}
TOUCHED = {
    "opened": {"data/raw/shop/orders.csv", "purchase/models/svm.py", "stages/train.py", "params.yaml", "dvc.lock"},
    "changed": {"models/svm/model.json", "metrics/svm.json", "logs/svm.csv"},
    "params": {"train.svm.C", "seed"},
    "packages": {"pandas"},
}


def findings(*, declared=(), undeclared=(), touched=(), untouched=()):
    """The findings after adding to, and taking from, what is declared and touched: pairs of (field, entry)."""
    says = {name: set(entries) for name, entries in DECLARED.items()}
    does = {name: set(entries) for name, entries in TOUCHED.items()} | {"past": set()}
    for table, additions, removals in ((says, declared, undeclared), (does, touched, untouched)):
        for name, entry in additions:
            table[name].add(entry)
        for name, entry in removals:
            table[name].remove(entry)
    found = find("train", Declared(**says), Touched(**does))
    assert all(finding.stage == "train" for finding in found)
    return [(finding.rule, finding.what, finding.mend) for finding in found]


def test_a_stage_that_touches_what_it_declares_has_no_finding():
    assert findings() == []


@pytest.mark.parametrize(
    ("change", "rule", "what", "mend"),
    [
        ({"touched": [("opened", "data/row/x.csv")]}, "read, but in no dep", "data/row/x.csv", "add data/row/x.csv"),
        ({"touched": [("opened", "purchase/a.py")]}, "imported, but in no dep", "purchase/a.py", "add purchase/a.py"),
        (
            {"touched": [("changed", "models/svm2")]},
            "written, but no out",
            "models/svm2",
            "add models/svm2 to",
        ),
        ({"declared": [("outs", "plots")]}, "an out, but not written", "plots", "take it out of the outs"),
        ({"declared": [("logs", "logs/a")]}, "an out, but not written", "logs/a", "take it out of the meta.logs"),
        ({"declared": [("deps", "data/r")]}, "a dep, but never read", "data/r", "take it out of the deps"),
        ({"touched": [("params", "seeds")]}, "a param used, but not named", "seeds", "add seeds, or its section"),
        ({"declared": [("params", "train.svm2")]}, "a param named, but not used", "train.svm2", "take it out"),
        (
            {"touched": [("past", "a.py line 3")]},
            "params.yaml opened past read_params",
            "a.py line 3",
            "read params by",
        ),
        (
            {"undeclared": [("deps", "requirements.txt")]},
            "imports packages, but its pins are no dep",
            "pandas",
            "add requirements.txt to the deps",
        ),
        (
            {"untouched": [("packages", "pandas")]},
            "a dep, but never read",
            "requirements.txt",
            "the stage imports no installed package",
        ),
    ],
)
def test_each_broken_rule_is_found_once_with_its_mend(change, rule, what, mend):
    ((found_rule, found_what, found_mend),) = findings(**change)
    assert (found_rule, found_what) == (rule, what)
    assert mend in found_mend


def test_a_stage_may_read_its_own_outs_and_logs():
    own = [("opened", "models/svm/old.json"), ("opened", "logs/svm.csv")]
    assert findings(touched=own) == []


def test_a_file_that_is_opened_to_be_written_is_a_write_and_no_read():
    assert [rule for rule, _, _ in findings(touched=[("opened", "README.md"), ("changed", "README.md")])] == [
        "written, but no out"
    ]


def test_a_list_or_mapping_counts_as_named_if_something_in_it_is():
    assert findings(declared=[("params", "shops.mine.name")], touched=[("params", "shops.mine")]) == []


def test_findings_come_in_the_order_of_stage_rule_and_thing():
    names = ("b.csv", "a.csv")
    touched = Touched(opened=frozenset(names))
    assert find("s", Declared(), touched) == [
        Finding("s", "read, but in no dep", name, f"add {name} to the deps; or do not read it")
        for name in sorted(names)
    ]
