"""Questions to the message bus of a private desktop."""

from __future__ import annotations

from jeepney import DBusAddress, MessageType, Properties, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

_LOGIN_KEYRING = DBusAddress(
    "/org/freedesktop/secrets/collection/login",
    bus_name="org.freedesktop.secrets",
    interface="org.freedesktop.Secret.Collection",
)
_SECRET_SERVICE = DBusAddress(
    "/org/freedesktop/secrets", bus_name="org.freedesktop.secrets", interface="org.freedesktop.Secret.Service"
)


class SessionBus:
    """One connection to the bus. For one thread."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def has_owner(self, name: str) -> bool:
        """True when a program owns this name."""
        reply = self._connection.send_and_get_reply(message_bus.NameHasOwner(name), timeout=10)
        return bool(reply.body[0])

    def keyring_is_unlocked(self) -> bool:
        """True when the Secret Service runs and its default keyring can be read and written."""
        if not self.has_owner("org.freedesktop.secrets"):
            return False
        alias = new_method_call(_SECRET_SERVICE, "ReadAlias", "s", ("default",))
        answer = self._connection.send_and_get_reply(alias, timeout=10)
        if answer.header.message_type is MessageType.error or answer.body[0] == "/":
            return False
        locked = self._connection.send_and_get_reply(Properties(_LOGIN_KEYRING).get("Locked"), timeout=10)
        return locked.header.message_type is not MessageType.error and locked.body[0] == ("b", False)
