"""Who may use a hosted app, where people sign in to it.

Signing in itself is the work of an OpenID Connect provider and of Streamlit; this says whether it
is asked for, and whom of those who did the app lets in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.errors import SettingError
from attnviz.hosting import listed_names

SIGN_IN_VARIABLE = "ATTNVIZ_SIGN_IN"
ALLOWED_VARIABLE = "ATTNVIZ_SIGN_IN_ALLOWED"
_REQUIRED = "required"


@dataclass(frozen=True)
class SignIn:
    """Whether people sign in, and who may.

    Attributes
    ----------
    required
        Whether nothing of a page is shown to whoever has not signed in.
    allowed
        Addresses, such as anna@example.org, and domains, such as @example.org, in small letters;
        empty for everybody whom the provider lets in.

    Examples
    --------
    >>> only = SignIn(required=True, allowed=("@example.org",))
    >>> only.admits({"email": "anna@example.org", "email_verified": True})
    True
    >>> only.admits({"email": "anna@example.org"})
    False
    """

    required: bool = False
    allowed: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls) -> SignIn:
        """Read ATTNVIZ_SIGN_IN and ATTNVIZ_SIGN_IN_ALLOWED.

        Returns
        -------
        SignIn
            Nobody signs in if ATTNVIZ_SIGN_IN is not set.

        Raises
        ------
        SettingError
            A variable has a value that it cannot have, or names people who are not asked.
        """
        text = os.environ.get(SIGN_IN_VARIABLE, "").strip().lower()
        if text not in ("", "off", _REQUIRED):
            raise SettingError(
                f"{SIGN_IN_VARIABLE} is set to {text[:40]!r}. Set it to {_REQUIRED} or off."
            )
        allowed = tuple(name.lower() for name in listed_names(ALLOWED_VARIABLE))
        for name in allowed:
            if not _is_address_or_domain(name):
                raise SettingError(
                    f"{ALLOWED_VARIABLE} names {name[:80]!r}, which is neither an address such as "
                    "anna@example.org nor a domain such as @example.org. Correct it."
                )
        if allowed and text != _REQUIRED:
            raise SettingError(
                f"{ALLOWED_VARIABLE} says who may sign in, but nobody is asked to. Set "
                f"{SIGN_IN_VARIABLE} to {_REQUIRED}, or remove the list."
            )
        return cls(text == _REQUIRED, allowed)

    def admits(self, claims: Mapping[str, object]) -> bool:
        """Whether somebody who has signed in may use the app.

        Parameters
        ----------
        claims
            What the provider says of the person. An address counts only if it is verified: with
            some providers people choose the one that they want to be known by.
        """
        if not self.allowed:
            return True
        address = str(claims.get("email") or "").lower()
        domain = "@" + address.rpartition("@")[2]
        known = address in self.allowed or domain in self.allowed
        return known and claims.get("email_verified") is True


def _is_address_or_domain(name: str) -> bool:
    return name.count("@") == 1 and not name.endswith("@") and len(name.split()) == 1
