"""A corpus that changed, in words."""

from __future__ import annotations

from hubel.workflows.training.resume_identity import describe_change

BEFORE = {"cat/1.png": "a", "cat/2.png": "b", "dog/1.png": "c"}


def test_the_same_images_are_no_change():
    assert describe_change(BEFORE, dict(BEFORE)) == ""


def test_each_kind_of_change_is_counted_and_named():
    now = {"cat/1.png": "other", "dog/1.png": "c", "dog/2.png": "d", **{f"owl/{each}.png": "e" for each in range(1200)}}
    assert describe_change(BEFORE, now) == (
        "1,201 images added: 'dog/2.png', 'owl/0.png', 'owl/1.png' and 1,198 more. 1 image removed: 'cat/2.png'. "
        "1 image changed: 'cat/1.png'."
    )


def test_an_image_that_moved_is_one_that_is_gone_and_one_that_is_new():
    now = {**BEFORE, "cat/2.png": "b"}
    now["dog/9.png"] = now.pop("cat/2.png")
    assert describe_change(BEFORE, now) == "1 image added: 'dog/9.png'. 1 image removed: 'cat/2.png'."
