"""Orders come from lines, or from the purchases of a log; ids are made where the shop keeps none."""

from tests.intake.shop_files import EVENTS, take, take_events, take_orders

DAY = 1_577_836_800  # 2020-01-01


def test_purchases_of_a_log_become_orders_when_the_shop_has_no_other(tmp_path):
    content = (
        "time,type,who,visit,code,price,bill\n"
        "2020-01-01,view,a,s1,p1,2.50,\n"
        "2020-01-01,purchase,a,s1,p1,2.50,b1\n"
        "2020-01-01,purchase,a,s1,p2,1,b1\n"
        "2020-01-01,purchase,a,s1,p3,,\n"
        "2020-01-01,purchase,b,,p3,,\n"
        "2020-01-01,purchase,,,p3,,\n"
        "never,purchase,a,s1,p1,2.50,b1\n"
    )
    columns = EVENTS | {"session_id": "visit", "product_id": "code", "price_cents": "price", "order_id": "bill"}
    taken = take_events(tmp_path, content, columns=columns)
    orders = taken["orders"]
    assert orders["order_id"].tolist() == ["b1", "b1", f"s1@{DAY}", f"b@{DAY}", "row-6"]
    assert orders["row"].tolist() == [2, 3, 4, 5, 6]
    assert taken.column("orders", "unit_price_cents") == [250, 100, None, None, None]
    assert orders["quantity"].tolist() == [1] * 5
    assert orders["discount_cents"].tolist() == [0] * 5
    assert not orders["is_return"].any()
    assert taken.account["orders"] == {
        "read": 0,
        "derived": 5,
        "kept": 5,
        "rejected": {"total": 0, "by_reason": {}},
        "blanked": {},
    }


def test_purchases_of_a_log_are_no_orders_when_the_shop_has_a_table_of_orders(tmp_path):
    files = {"e.csv": "time,type,who\n2020-01-01,purchase,a\n", "o.csv": "t,x\n2020-01-02,\n"}
    events, orders = {"files": "e.csv", "columns": EVENTS}, {"files": "o.csv", "columns": {"ordered_at": "t"}}
    taken = take(tmp_path, files, {"events": events, "orders": orders})
    assert taken["orders"]["ordered_at"].tolist() == [DAY + 86_400]
    assert taken.account["orders"]["derived"] == 0


def test_lines_of_negative_quantity_and_those_of_the_rule_are_returns(tmp_path):
    quantities = {"1": 2, "2": -3, "C3": 4, "C4": -5, "5": 0}
    content = "order,time,who,n\n" + "".join(f"{order},2020-01-01,a,{n}\n" for order, n in quantities.items())
    taken = take_orders(tmp_path, content, columns={"quantity": "n"}, returns_when={"column": "order", "matches": "^C"})
    assert taken["orders"]["quantity"].tolist() == [2, 3, 4, 5]
    assert taken["orders"]["is_return"].tolist() == [False, True, True, True]
    assert taken.reasons == ["impossible_quantity"]


def test_without_a_quantity_or_a_discount_it_is_one_piece_at_its_price(tmp_path):
    taken = take_orders(tmp_path, "order,who,time,off\n1,a,2020-01-01,\n2,a,2020-01-01,0.5\n")
    assert taken["orders"]["quantity"].tolist() == [1, 1]
    assert taken["orders"]["discount_cents"].tolist() == [0, 0]


def test_an_empty_discount_is_none_and_an_unreadable_one_costs_the_line(tmp_path):
    content = "order,who,time,off\n1,a,2020-01-01,\n2,a,2020-01-01,0.5\n3,a,2020-01-01,some\n4,a,2020-01-01,-1\n"
    taken = take_orders(tmp_path, content, columns={"discount_cents": "off"})
    assert taken["orders"]["discount_cents"].tolist() == [0, 50]
    assert taken.reasons == ["bad_discount_cents", "impossible_discount_cents"]


def test_an_order_without_an_id_is_a_customers_at_one_time(tmp_path):
    source = {"files": "o.csv", "columns": {"ordered_at": "t", "customer_id": "who"}}
    content = "t,who\n2020-01-01,a\n2020-01-01,a\n2020-01-01,b\n2020-01-01,\n"
    taken = take(tmp_path, {"o.csv": content}, {"orders": source})
    assert taken["orders"]["order_id"].tolist() == [f"a@{DAY}", f"a@{DAY}", f"b@{DAY}", "row-4"]


def test_a_session_without_an_id_is_its_row(tmp_path):
    taken = take(
        tmp_path,
        {"s.csv": "bought,x\nyes,\n,\nno,\n"},
        {"sessions": {"files": "s.csv", "columns": {"ordered": "bought"}}},
    )
    assert taken["sessions"]["session_id"].tolist() == ["row-1", "row-3"]
    assert taken["sessions"]["ordered"].tolist() == [True, False]
    assert taken.reasons == ["missing_ordered"]


def test_test_accounts_are_marked_by_the_rule(tmp_path):
    customers = {
        "files": "c.csv",
        "columns": {"customer_id": "id"},
        "test_when": {"column": "mail", "matches": "@shop[.]example$"},
    }
    files = {"c.csv": "id,mail\n1,a@b.c\n2,me@shop.example\n3,\n", "o.csv": "t,x\n2020-01-01,\n"}
    taken = take(
        tmp_path, files, {"customers": customers, "orders": {"files": "o.csv", "columns": {"ordered_at": "t"}}}
    )
    assert taken["customers"]["is_test"].tolist() == [False, True, False]


def test_a_table_that_the_shop_does_not_keep_has_no_rows_and_all_columns(tmp_path):
    taken = take_orders(tmp_path, "order,who,time\n1,a,2020-01-01\n")
    assert len(taken["customers"]) == len(taken["events"]) == len(taken["sessions"]) == 0
    assert list(taken["sessions"].columns) == ["row", "session_id", "customer_id", "started_at", "ended_at", "ordered"]


def test_orders_from_the_purchases_of_a_log_arrive_with_them(tmp_path):
    content = "time,type,who,loaded\n2020-01-01,purchase,a,2020-01-03\n2020-01-01,purchase,b,\n"
    taken = take_events(tmp_path, content, columns=EVENTS | {"arrived_at": "loaded"})
    assert taken.column("orders", "arrived_at") == [DAY + 2 * 86_400, None]
