"""Statements asked all day by many people: written once a shape. To write one costs Django more than PostgreSQL to run
it."""

import copy
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Written:
    """A SELECT and its values. Without text when the queryset can hold nothing."""

    statement: str
    parameters: tuple[Any, ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any, Any]) -> "Written":
        try:
            return cls(*queryset.query.sql_with_params())
        except EmptyResultSet:
            return cls("", ())

    def rows(self) -> list[tuple[Any, ...]]:
        """One statement; none when there is no text."""
        if not self.statement:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self.statement, self.parameters)
            return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class WrittenModels(Generic[M]):
    """The same for instances of a model with their relations: what Django prepares to read them is kept too.

    ``places``: for each mark, value written in the stead of one not known yet, where it stands among the values.
    """

    compiler: SQLCompiler
    statement: str
    parameters: tuple[Any, ...]
    places: Mapping[Hashable, tuple[int, ...]]

    @classmethod
    def of(cls, queryset: QuerySet[M], *marks: Hashable) -> "WrittenModels[M]":
        """Raises ``EmptyResultSet`` when the queryset can hold nothing, ``ValueError`` when it lacks a mark."""
        compiler = queryset.query.get_compiler(connection=connection)
        statement, parameters = compiler.as_sql()
        places = {mark: tuple(at for at, value in enumerate(parameters) if value == mark) for mark in marks}
        if not all(places.values()):
            raise ValueError("a mark is nowhere among the values of this statement")
        return cls(compiler, statement, tuple(parameters), places)

    def read(self, values: Mapping[Hashable, Any]) -> list[M]:
        """One statement, with a value for each mark."""
        parameters = list(self.parameters)
        for mark, places in self.places.items():
            for at in places:
                parameters[at] = values[mark]
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # of this thread
        compiler.as_sql = lambda *_, **__: (self.statement, tuple(parameters))  # type: ignore[method-assign]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        return list(ModelIterable(SimpleNamespace(db=DEFAULT_DB_ALIAS, query=query, _known_related_objects={})))  # type: ignore[arg-type]
