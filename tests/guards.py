"""What makes a slip fail: an undefined variable in a template of ours, a connection to the outside."""

import ipaddress
import socket
import sys
from typing import Any

from django.template.base import FilterExpression, Node

from anct_portal.env import BASE_DIR

OURS = (f"{BASE_DIR}/templates/", *(f"{path.parent}/templates/" for path in sorted(BASE_DIR.glob("*/apps.py"))))


class UndefinedVariableError(AssertionError):
    """A template of the portal reads a variable that its context does not define."""


class UndefinedVariable(str):
    """Django's ``string_if_invalid``: the empty string for other people's templates, an error for ours.

    Not an error: what ``{% if %}``, ``{% for %}`` and ``{% firstof %}`` read, and a variable followed at once by the
    filter ``default`` or ``default_if_none``, which says in the template that the variable may be absent.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        frame = sys._getframe(1)
        expression = frame.f_locals.get("self")
        if not isinstance(expression, FilterExpression) or frame.f_code.co_name != "resolve":
            return False
        if expression.filters and expression.filters[0][0].__name__ in ("default", "default_if_none"):
            return False
        caller = frame.f_back
        while caller is not None:
            node = caller.f_locals.get("self")
            if isinstance(node, Node) and getattr(node, "origin", None):
                if str(node.origin.name).startswith(OURS):
                    raise UndefinedVariableError(f"{expression.token} is not defined in {node.origin.name}")
                return False
            caller = caller.f_back
        return False


class NetworkError(AssertionError):
    """A test tried to reach a machine other than this one."""


def _refuse_outside(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else "localhost"  # a path: a Unix socket
    if host in ("localhost", ""):
        return
    try:
        allowed = ipaddress.ip_address(host).is_loopback
    except ValueError:
        allowed = False
    if not allowed:
        raise NetworkError(f"tests do not leave this machine: {address}")


def close_network() -> None:
    """From now on this process connects to loopback addresses and Unix sockets only."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_outside(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_outside(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        _refuse_outside((host.decode() if isinstance(host, bytes) else host or "", 0))
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_getaddrinfo
