"""Frames survive any cutting of the stream, and refuse what no client accepts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tws.errors import FrameError
from tws.frames import MAX_FRAME, FrameReader, decode_fields, encode_fields, frame

payloads = st.lists(st.binary(max_size=200), max_size=8)


@given(payloads, st.data())
def test_any_cutting_of_the_stream_gives_the_same_payloads(wanted: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, wanted))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = FrameReader()
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == wanted


def test_a_frame_split_after_its_header_waits_for_the_rest() -> None:
    reader = FrameReader()
    assert reader.feed(b"\0\0\0\x03a") == []
    assert reader.feed(b"bc\0") == [b"abc"]


def test_a_header_beyond_what_clients_accept_is_refused() -> None:
    with pytest.raises(FrameError, match="announces 16777216"):
        FrameReader().feed((MAX_FRAME + 1).to_bytes(4))


def test_whole_frames_before_a_bad_header_are_not_replayed() -> None:
    reader = FrameReader()
    with pytest.raises(FrameError):
        reader.feed(frame(b"good") + b"\xff\xff\xff\xff")


def test_too_long_a_payload_is_not_framed() -> None:
    with pytest.raises(FrameError, match="at most"):
        frame(bytes(MAX_FRAME + 1))


def test_fields_are_written_as_the_wire_has_them() -> None:
    assert encode_fields(4, "x", True, False, None, Decimal("0.10"), 1.5) == b"4\0x\x001\x000\0\x000.10\x001.5\0"


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_fields_come_back(fields: list[str]) -> None:
    assert decode_fields(encode_fields(*fields)) == fields


def test_an_unended_last_field_is_kept() -> None:
    assert decode_fields(b"71\x002") == ["71", "2"]
