"""Statements written once: the same rows as the queryset's, for whoever asks, on the connection of whoever asks."""

import threading

import pytest
from django.db import connection, connections
from django.db.models import F

from common.written import Written, WrittenModels, forget, kept
from territories.models import Arrondissement, Department

pytestmark = pytest.mark.django_db
A_CODE = "any department"


def arrondissements(department):
    return Arrondissement.objects.filter(department=department).select_related("department__region").order_by("code")


def test_rows_are_those_of_the_queryset():
    rows = arrondissements("04").values_list("code", "department__name")
    assert Written.of(rows).rows() == list(rows)


def test_what_can_hold_nothing_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Written.of(Department.objects.none().values("pk")).rows() == []
        assert WrittenModels.of(Department.objects.filter(pk__in=[])).read({}) == []


def test_instances_come_with_their_relations_and_their_annotations(django_assert_num_queries):
    written = WrittenModels.of(arrondissements(A_CODE).annotate(named=F("department__name")), A_CODE)
    for code in ("04", "48", "04"):
        expected = list(arrondissements(code))
        assert expected
        with django_assert_num_queries(1):
            found = written.read({A_CODE: code})
            assert [(each.pk, each.name, each.department.region.name) for each in found] == [
                (each.pk, each.name, each.department.region.name) for each in expected
            ]
        assert {each.named for each in found} == {each.department.name for each in expected}


def test_a_mark_must_be_there_and_be_given():
    with pytest.raises(ValueError, match="nowhere"):
        WrittenModels.of(arrondissements("04"), A_CODE)
    with pytest.raises(KeyError):
        WrittenModels.of(arrondissements(A_CODE), A_CODE).read({})


def test_what_is_kept_is_written_once_and_may_be_forgotten():
    wrote = []
    write = kept(2)(lambda name: wrote.append(name) or name)
    assert [write("a"), write("a"), write("b")] == ["a", "a", "b"]
    assert wrote == ["a", "b"]
    forget()
    write("a")
    assert wrote == ["a", "b", "a"]


def test_a_value_takes_the_place_of_a_mark():
    rows = Written.of(arrondissements(A_CODE).values_list("code"), A_CODE)
    assert rows.rows({A_CODE: "48"}) == list(arrondissements("48").values_list("code"))
    assert Written.of(Department.objects.none(), A_CODE).rows() == []


def test_another_thread_reads_on_its_own_connection():
    written = WrittenModels.of(Department.objects.filter(pk=A_CODE), A_CODE)
    used = []

    def note(execute, sql, params, many, context):
        used.append(context["connection"])
        return execute(sql, params, many, context)

    def read():
        with connection.execute_wrapper(note):
            written.read({A_CODE: "04"})
        assert used == [connections["default"]]
        used.append("done")
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert used[-1] == "done"
    assert used[0] is not connections["default"]
