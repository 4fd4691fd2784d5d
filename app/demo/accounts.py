"""Users, their passwords and API keys."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from app.demo.database import Database

# The demo account's credentials are public on purpose: they work on a loopback demo server only, and the documentation
# shows them. They are not secrets.
DEMO_USER = "demo"
DEMO_EMAIL = "demo@example.com"
DEMO_PASSWORD = "demo-password"  # noqa: S105 - public demo value, see above
DEMO_API_KEY = "demo-key-for-the-loopback-server-only"

SCOPE_UPLOAD = "upload:create"
SCOPE_DELETE = "image:delete"
ALL_SCOPES = frozenset({SCOPE_UPLOAD, SCOPE_DELETE})


@dataclass(frozen=True, slots=True)
class DemoUser:
    """An account of the demo server."""

    id: int
    name: str
    email: str
    is_verified: bool
    is_banned: bool


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is, and what it may do."""

    user: DemoUser
    scopes: frozenset[str]


def hash_password(password: str, salt: bytes) -> bytes:
    """Derive what is stored. The cost is low because a demo server must start at once and guards nothing of worth."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**10, r=8, p=1)


def password_matches(password: str, salt: bytes, expected: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_password(password, salt), expected)


def _hash_key(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _user(row: sqlite3.Row) -> DemoUser:
    return DemoUser(row["id"], row["name"], row["email"], bool(row["is_verified"]), bool(row["is_banned"]))


class Accounts:
    """Users and keys in the database. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seed()

    def _seed(self) -> None:
        if self.find(DEMO_USER) is None:
            user = self.add_user(DEMO_USER, DEMO_PASSWORD, email=DEMO_EMAIL, is_verified=True)
            self.add_key(user, key=DEMO_API_KEY)

    def add_user(self, name: str, password: str, *, email: str = "", is_verified: bool = False) -> DemoUser:
        """Create an account; `email` is made from the name when it is not given."""
        salt = secrets.token_bytes(16)
        with self._database.transaction() as db:
            row = db.execute(
                "INSERT INTO users (name, email, password_salt, password_hash, is_verified) VALUES (?, ?, ?, ?, ?)"
                " RETURNING *",
                (name, email or f"{name}@example.com", salt, hash_password(password, salt), is_verified),
            ).fetchone()
        return _user(row)

    def find(self, login: str) -> DemoUser | None:
        """The account with this user name or e-mail address."""
        with self._database.transaction() as db:
            row = db.execute("SELECT * FROM users WHERE name = ? OR email = ?", (login, login)).fetchone()
        return _user(row) if row else None

    def by_id(self, user_id: int) -> DemoUser | None:
        """The account with this number."""
        with self._database.transaction() as db:
            row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
        return _user(row) if row else None

    def sign_in(self, login: str, password: str) -> DemoUser | None:
        """The account, when the password is right."""
        with self._database.transaction() as db:
            row = db.execute("SELECT * FROM users WHERE name = ? OR email = ?", (login, login)).fetchone()
        if row is None or not password_matches(password, row["password_salt"], row["password_hash"]):
            return None
        return _user(row)

    def set_banned(self, user: DemoUser, *, is_banned: bool) -> None:
        """Ban an account, or let it back in."""
        with self._database.transaction() as db:
            db.execute("UPDATE users SET is_banned = ? WHERE id = ?", (is_banned, user.id))

    def add_key(self, user: DemoUser, *, scopes: Iterable[str] = ALL_SCOPES, key: str = "") -> str:
        """Create an API key and return it; only its hash is stored."""
        key = key or secrets.token_urlsafe(24)
        with self._database.transaction() as db:
            db.execute("INSERT INTO keys VALUES (?, ?, ?)", (_hash_key(key), user.id, " ".join(sorted(scopes))))
        return key

    def revoke_key(self, key: str) -> None:
        """Make a key worthless."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM keys WHERE hash = ?", (_hash_key(key),))

    def key_holder(self, key: str) -> KeyHolder | None:
        """Whose key it is; None when it is nobody's."""
        with self._database.transaction() as db:
            row = db.execute(
                "SELECT users.*, keys.scopes FROM keys JOIN users ON users.id = keys.user_id WHERE keys.hash = ?",
                (_hash_key(key),),
            ).fetchone()
        return KeyHolder(_user(row), frozenset(row["scopes"].split())) if row else None
