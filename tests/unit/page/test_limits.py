"""What a page weighs and takes is said before it is made."""

from __future__ import annotations

import pytest
from tests.made.pages import tiny_page, tiny_parts

from hubel.errors import UnusableInput
from hubel.page.limits import BASE64, OWN_BYTES, PageSize, check_page_size

SMALL = PageSize(100_000, 10_000_000, 500_000, 30, 96 * 96)
RESNET50 = PageSize(25_600_000, 3_480_000_000, 30_000_000, 30, 224 * 224)


def test_a_small_network_has_nothing_to_be_said_of():
    assert check_page_size(SMALL, weights="float32") is None
    assert SMALL.expected_bytes("float32") == pytest.approx(OWN_BYTES + 400_000 * BASE64 + SMALL.image_bytes * BASE64)


def test_a_large_network_is_asked_to_use_half_the_bits():
    with pytest.raises(UnusableInput, match=r"about 144 MB, and 120 MB is the most .* 30 images.*quantize='float16'"):
        check_page_size(RESNET50, weights="float32")
    assert check_page_size(RESNET50, weights="float16") is None


@pytest.mark.parametrize(
    ("size", "weights", "words"),
    [
        (PageSize(1_000, 1, 1, 900, 224 * 224), "float32", r"fewer images travel: examples=1, or none: examples=0"),
        (PageSize(29_000_000, 1, 1, 900, 224 * 224), "float32", r"quantize='float16' and examples=0"),
        (PageSize(60_000_000, 1, 1, 0, 1), "float32", r"60,000,000 weights of 4 bytes\. .*architecture='mobilenet'"),
        (PageSize(60_000_000, 1, 1, 0, 1), "float16", r"60,000,000 weights of 2 bytes\. .*architecture='mobilenet'"),
        (
            PageSize(1_000, 200_000_000_000, 1, 0, 1),
            "float32",
            r"about 50 s for each image.*architecture='mobilenet'",
        ),
    ],
)
def test_what_is_too_large_says_what_to_type_instead(size: PageSize, weights: str, words: str):
    with pytest.raises(UnusableInput, match=words):
        check_page_size(size, weights=weights)


def test_a_slow_network_is_allowed_with_a_word():
    slow = PageSize(1_000_000, 12_000_000_000, 10_000_000, 30, 224 * 224)
    assert check_page_size(slow, weights="float32") == (
        "A browser will take about 3 s for each image: 12,000,000,000 multiply-accumulates."
    )


def test_no_page_is_larger_than_was_said(tmp_path):
    data, weights = tiny_parts()
    said = PageSize(len(weights) // 4, 0, 0, len(data["examples"]), 12 * 14).expected_bytes("float32")
    assert tiny_page(tmp_path).stat().st_size <= said
