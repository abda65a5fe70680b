"""The catalogue says which codes end a request."""

import pytest

from tws import codes


@pytest.mark.parametrize("number", [codes.NO_SECURITY_DEFINITION, codes.VALIDATION_ERROR, codes.NOT_SUBSCRIBED, 9999])
def test_errors_end_a_request(number: int) -> None:
    assert codes.ends_request(number)


@pytest.mark.parametrize(
    "number", [codes.MARKET_FARM_OK, codes.UPSTREAM_LOST, codes.ORDER_MESSAGE, codes.DELAYED_DATA, 2199]
)
def test_notices_and_warnings_do_not(number: int) -> None:
    assert not codes.ends_request(number)


def test_every_named_code_is_in_the_catalogue() -> None:
    named = {value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    assert named == set(codes.CODES)


def test_a_text_is_the_fixed_part_and_what_the_sender_adds() -> None:
    assert codes.text(codes.MARKET_FARM_OK, "usfarm") == "Market data farm connection is OK:usfarm"
