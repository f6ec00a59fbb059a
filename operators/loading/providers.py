"""Whom a line speaks of: one of the bodies that its loader keeps, by its code or its name."""

import difflib
from collections.abc import Collection

from common.actor import Actor
from common.french import NBSP
from common.tabular import folded
from operators.models import Provider

#: Bodies named in a refusal.
_NAMED = 4


class Providers:
    """Those that ``actor`` keeps, in these departments when some are given. One query."""

    def __init__(self, actor: Actor, departments: Collection[str] = (), *, default: str = "") -> None:
        kept = Provider.objects.kept_by(actor).active().order_by("code")
        if departments:
            kept = kept.filter(department__in=departments)
        self.by_pk = {provider.pk: provider for provider in kept}
        self._by_key: dict[str, list[Provider]] = {}
        for provider in self.by_pk.values():
            for key in dict.fromkeys((folded(provider.name), folded(provider.short_name))):
                self._by_key.setdefault(key, []).append(provider)
        self._by_code = {provider.code: provider for provider in self.by_pk.values()}
        self._others: dict[str, str] | None = None
        #: Whose every line is, when the file is one body's.
        self.default = self.find(default) if default else None

    def find(self, text: str) -> Provider:
        """Raises ``ValueError`` with the nearest names."""
        if found := self._by_code.get(text.strip().lower()):
            return found
        named = self._by_key.get(folded(text), [])
        if len(named) == 1:
            return named[0]
        if named:
            codes = ", ".join(provider.code for provider in named[:_NAMED])
            raise ValueError(f"plusieurs organismes portent ce nom. Écrivez le code{NBSP}: {codes}.")
        if owner := self._elsewhere(text):
            raise ValueError(f"{owner} n’est pas un organisme dont vous tenez les offres ici. Retirez la ligne.")
        keys = [key for key in (*self._by_key, *self._by_code) if key]
        close = difflib.get_close_matches(folded(text)[:80], keys, n=_NAMED, cutoff=0.45)
        near = dict.fromkeys(str(one) for key in close for one in self._by_key.get(key) or [self._by_code[key]])
        cure = f"Proches{NBSP}: {', '.join(near)}." if near else "Ajoutez-le d’abord au catalogue, ou corrigez son nom."
        raise ValueError(f"«{NBSP}{text[:60]}{NBSP}» n’est pas au catalogue. {cure}")

    def _elsewhere(self, text: str) -> str:
        if self._others is None:
            others = Provider.objects.active().exclude(pk__in=self.by_pk).values_list("code", "name")
            self._others = {key: name for code, name in others for key in (code, folded(name))}
        return self._others.get(text.strip().lower()) or self._others.get(folded(text), "")
