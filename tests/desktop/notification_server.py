"""A notification service that does as its arguments say: `python notification_server.py CAPABILITY…`.

It prints each Notify as a line of JSON, without its picture. The first button of what has the title “press at once” is
pressed in the same breath as the answer.
"""

from __future__ import annotations

import json
import sys

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME = "org.freedesktop.Notifications"
EMITTER = DBusAddress("/org/freedesktop/Notifications", interface=NAME)


def main() -> None:
    connection = open_dbus_connection()
    connection.send_and_get_reply(message_bus.RequestName(NAME))
    print("READY", flush=True)
    number = 0
    while True:
        message = connection.receive()
        if message.header.message_type is not MessageType.method_call:
            continue
        member = message.header.fields[HeaderFields.member]
        if member == "GetCapabilities":
            connection.send(new_method_return(message, "as", (sys.argv[1:],)))
        elif member == "GetServerInformation":
            connection.send(new_method_return(message, "ssss", ("tester", "us", "1", "1.2")))
        elif member == "Notify":
            number += 1
            _app, _replaces, _icon, title, body, actions, hints, timeout_ms = message.body
            shown = {name: value for name, (_type, value) in hints.items() if name != "image-data"}
            print(
                json.dumps({"title": title, "body": body, "actions": actions, "hints": shown, "timeout": timeout_ms}),
                flush=True,
            )
            connection.send(new_method_return(message, "u", (number,)))
            if title == "press at once":
                connection.send(new_signal(EMITTER, "ActionInvoked", "us", (number, actions[0])))
                connection.send(new_signal(EMITTER, "NotificationClosed", "uu", (number, 2)))


if __name__ == "__main__":
    main()
