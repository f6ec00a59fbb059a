"""Statements asked all day by many people: written once a shape. To write one costs Django more than PostgreSQL to run
it."""

import copy
import functools
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Generic, ParamSpec, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
T = TypeVar("T")
P = ParamSpec("P")
NO_MARK: Mapping[Hashable, Any] = {}


#: Written in the stead of a key not known yet: no row has it.
A_KEY = -(2**62)


_KEPT: list[Any] = []


def kept(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Marks a function that writes statements: its last ``most`` answers are kept. It may depend on its arguments and
    on nothing else, the day included."""

    def mark(write: Callable[P, T]) -> Callable[P, T]:
        found = functools.lru_cache(maxsize=most)(write)
        _KEPT.append(found)
        return cast(Callable[P, T], found)

    return mark


def forget() -> None:
    """Everything is written anew: for trials that change what a query means."""
    for write in _KEPT:
        write.cache_clear()


@dataclass(frozen=True, slots=True)
class Written:
    """A SELECT and its values. Without text when the queryset can hold nothing.

    ``places``: for each mark, a value written in the stead of one not known yet, where it stands among the values.
    """

    statement: str
    parameters: tuple[Any, ...]
    places: Mapping[Hashable, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, queryset: QuerySet[Any, Any], *marks: Hashable) -> "Written":
        """Raises ``ValueError`` when the statement lacks a mark."""
        return cls.by(queryset.query.sql_with_params, marks)

    @classmethod
    def by(cls, write: Callable[[], tuple[str, Sequence[Any]]], marks: Collection[Hashable]) -> "Written":
        """By one of Django's ways to write a statement."""
        try:
            statement, parameters = write()
        except EmptyResultSet:
            return cls("", ())
        places = {mark: tuple(at for at, value in enumerate(parameters) if value == mark) for mark in marks}
        if not all(places.values()):
            raise ValueError("a mark is nowhere among the values of this statement")
        return cls(statement, tuple(parameters), places)

    def filled(self, values: Mapping[Hashable, Any]) -> list[Any]:
        """The values of the statement, with one for each mark."""
        parameters = list(self.parameters)
        for mark, places in self.places.items():
            for at in places:
                parameters[at] = values[mark]
        return parameters

    def rows(self, values: Mapping[Hashable, Any] = NO_MARK) -> list[tuple[Any, ...]]:
        """One statement, with a value for each mark; none when there is no text."""
        if not self.statement:
            return []
        with connection.cursor() as cursor:
            cursor.execute(self.statement, self.filled(values))
            return cursor.fetchall()


@dataclass(frozen=True, slots=True)
class WrittenModels(Generic[M]):
    """The same for instances of a model with their relations: what Django prepares to read them is kept too. It weighs
    a hundred kilobytes."""

    compiler: SQLCompiler
    written: Written

    @classmethod
    def of(cls, queryset: QuerySet[M], *marks: Hashable) -> "WrittenModels[M]":
        """Raises ``ValueError`` when the statement lacks a mark."""
        compiler = queryset.query.get_compiler(connection=connection)
        return cls(compiler, Written.by(compiler.as_sql, marks))

    def read(self, values: Mapping[Hashable, Any]) -> list[M]:
        """One statement, with a value for each mark; none when the queryset can hold nothing."""
        if not self.written.statement:
            return []
        sql = self.written.statement, tuple(self.written.filled(values))
        compiler = copy.copy(self.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]  # of this thread
        compiler.as_sql = lambda *_, **__: sql  # type: ignore[method-assign]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        return list(ModelIterable(SimpleNamespace(db=DEFAULT_DB_ALIAS, query=query, _known_related_objects={})))  # type: ignore[arg-type]
