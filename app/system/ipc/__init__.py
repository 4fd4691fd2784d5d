"""How a command reaches the running application: frames of JSON over a Unix socket in the runtime folder.

The application says hello (`server`), the command asks for one thing (`client`, light and synchronous), and gets events
until the one that carries the exit code. One connection is one request; closing it withdraws the request.
"""
