"""The account types, apart from what they mean: settings know them by name alone."""

from typing import Literal

AccountType = Literal["cash", "reg-t", "portfolio"]
