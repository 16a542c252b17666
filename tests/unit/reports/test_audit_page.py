"""The page of an audit: everything found is on it, and no name can become more than text."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.pages import Parsed

from hubel.corpus.audit.catalogue import CHECKS as REAL_CHECKS
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import IntakeRow
from hubel.errors.wording import Command, Option
from hubel.reports.audit_page import AuditPage, render_audit_page, shown_paths
from hubel.text import one_line

CHECKS = {
    "leak": Check("On both sides", "the score is too good", "4 of 64 bits", "delete one"),
    "dark": Check("Dark images", "little to see", "below 0.15", "take it again"),
    "suspect-label": Check("Doubtful labels", "wrong labels are learned", "another class", "correct it here"),
    "too-few": Check("Small classes", "too few to learn from", "fewer than 30", "add images"),
}
EMPTY = AuditPage(
    location="photos",
    made_by="hubel 0.1.0",
    counts={"found": 3781, "read": 3779, "refused": 2, "ignored": 0},
    class_names=("cat", "dog"),
    class_counts={"cat": 1779, "dog": 2000},
    checks=CHECKS,
    findings=(),
)


def parsed(page: AuditPage) -> Parsed:
    return Parsed(render_audit_page(page))


def dark(path: str, score: float = 0.1) -> Finding:
    return Finding("dark", (path,), score, "hardly any light", 0.0612345)


def suspect(path: str, suggested: str = "dog", score: float = 0.2) -> Finding:
    return Finding("suspect-label", (path,), score, "looks different", suggested=suggested)


def png(side: int = 2) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, "PNG")
    return buffer.getvalue()


FULL = replace(
    EMPTY,
    findings=(
        Finding("too-few", (), 0.4, "'dog' has 12 images", 12),
        dark("cat/2.jpg", 0.3),
        dark("cat/1.jpg", 0.1),
        Finding("leak", ("train/cat/1.jpg", "test/cat/9.jpg"), 0.02, "one image", 3.0, "across given splits"),
        suspect("dog/5.jpg", "cat"),
    ),
    notes=("Folder 'horse' holds no images: it is no class.",),
    refused=(
        IntakeRow("cat/a.jpg", "refused", "empty", "the file has no bytes: copy it again"),
        IntakeRow("cat/b.jpg", "refused", "truncated", "the file ends too early: copy it again"),
    ),
    classes_of={"cat/1.jpg": "cat", "cat/2.jpg": "cat", "dog/5.jpg": "dog"},
    splits_of={"train/cat/1.jpg": "train", "test/cat/9.jpg": "test", "cat/1.jpg": "validation"},
    thumbnails={"cat/1.jpg": png()},
)


def test_an_audit_without_findings_says_so_and_names_every_check():
    page = parsed(replace(EMPTY, counts={"found": 9, "read": 9, "refused": 0, "ignored": 0}))
    assert page.text("verdict") == "Nothing was found 4 checks looked at 9 images and found nothing to correct."
    for check in CHECKS.values():
        assert check.title in page.text("clean")
    assert "save" not in page.texts
    assert "refused" not in page.texts


def test_found_is_read_and_refused_and_ignored():
    assert "3,781 files found = 3,779 read + 2 refused + 0 ignored" in parsed(EMPTY).text()
    one = {"found": 1, "read": 1, "refused": 0, "ignored": 0}
    assert "1 file found = 1 read" in parsed(replace(EMPTY, counts=one)).text()


def test_every_finding_is_shown_in_the_section_of_its_check():
    page = parsed(FULL)
    for finding in FULL.findings:
        section = page.text(f"check-{finding.check}")
        assert finding.message in section
        doubt = finding.check == "suspect-label"
        assert (
            f"chance that the label is wrong: {100 * (1 - finding.score):.0f} %"
            if doubt
            else f"score {finding.score:.2f}"
        ) in section
        assert all(path in section for path in finding.paths)
        assert all(part in section for part in (CHECKS[finding.check].why, CHECKS[finding.check].threshold))
    assert "labelled dog looks like cat" in page.text("check-suspect-label")
    assert "clean" not in page.texts
    assert "horse" in page.text("verdict")


@pytest.mark.parametrize(
    ("score", "said"),
    [(0.0713, "93 %"), (0.004, "above 99 %"), (0.0, "above 99 %"), (0.994, "1 %"), (0.998, "below 1 %")],
)
def test_a_chance_is_said_in_whole_percent_and_never_as_certain(score: float, said: str):
    text = parsed(replace(EMPTY, findings=(suspect("dog/5.jpg", score=score),))).text("suspect-0")
    assert f"chance that the label is wrong: {said} " in f"{text} "


def test_a_measurement_is_named_where_the_message_does_not_say_it():
    finding = Finding("near-duplicate", ("a/1.jpg", "a/2.jpg"), 0.0713, "one image", 0.9287, "same class")
    grey = Finding("grey-among-colour", ("a/1.jpg",), 0.01, "It is grey", 0.8421)
    page = parsed(replace(EMPTY, checks=REAL_CHECKS, findings=(finding, grey, replace(grey, check="dark"))))
    assert "score 0.07, similarity 0.93" in page.text("check-near-duplicate")
    assert "score 0.01, mean difference of the channels 0.84 of 255" in page.text("check-grey-among-colour")
    assert page.text("check-dark").endswith("score 0.01")


def test_one_finding_is_not_spoken_of_as_if_it_were_several():
    one = replace(EMPTY, counts={"found": 2, "read": 1, "refused": 1, "ignored": 0}, findings=(dark("cat/1.jpg"),))
    page = parsed(replace(one, refused=(IntakeRow("cat/a.jpg", "refused", "empty", "the file has no bytes"),)))
    assert "1 finding. A score runs" in page.text("verdict")
    assert "1 Dark images score 0.10" in page.text("verdict")
    assert "It should have been an image" in page.text("refused")


def test_sections_stand_in_the_order_of_the_checks_and_their_findings_worst_first():
    page = parsed(FULL)
    sections = [name for name in page.texts if re.fullmatch(r"check-[a-z-]+(?<!-title)", name)]
    assert sections == ["check-leak", "check-dark", "check-suspect-label", "check-too-few"]
    assert page.text("check-dark").index("cat/1.jpg") < page.text("check-dark").index("cat/2.jpg")


def test_the_verdict_links_to_every_section_in_the_order_of_the_checks():
    page = parsed(FULL)
    links = [each["href"] for each in page.all("a")]
    assert links == ["#refused", "#check-leak", "#check-dark", "#check-suspect-label", "#check-too-few"]
    assert "2 Dark images lowest score 0.10" in page.text("verdict")
    assert "5 findings" in page.text("verdict")


def test_the_given_split_is_said_where_it_matters():
    page = parsed(FULL)
    assert "in train train/cat/1.jpg no image to show in test test/cat/9.jpg" in page.text("check-leak")
    assert "in validation" not in page.text("check-dark")


def test_an_image_without_a_thumbnail_leaves_a_place():
    page = parsed(FULL)
    assert [image["alt"] for image in page.all("img")] == ["Image cat/1.jpg"]
    assert page.text("check-dark").count("no image to show") == 1


@pytest.mark.parametrize(("kind", "named"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp")])
def test_thumbnails_travel_inside_the_page(kind: str, named: str):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 3), "red").save(buffer, kind)
    (image,) = parsed(replace(FULL, thumbnails={"cat/1.jpg": buffer.getvalue()})).all("img")
    start, data = str(image["src"]).split(",", 1)
    assert start == f"data:image/{named};base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (5, 3)


def test_sixty_findings_of_a_check_get_a_card_and_the_others_are_counted():
    page = parsed(replace(EMPTY, findings=[dark(f"cat/{number:03}.jpg", number / 100) for number in range(75)]))
    assert "cat/059.jpg" in page.text("check-dark")
    assert "cat/060.jpg" not in page.text()
    assert "15 more are in findings.csv" in page.text("check-dark")
    assert "75 Dark images" in page.text("verdict")


def test_eight_images_of_a_finding_are_shown_and_the_others_are_counted():
    paths = tuple(f"cat/{number}.jpg" for number in range(23))
    page = parsed(replace(EMPTY, findings=(Finding("leak", paths, 0.0, "one image"),)))
    assert "cat/7.jpg + 15 more" in page.text("check-leak")
    assert "cat/8.jpg" not in page.text()


def test_thumbnails_are_asked_for_exactly_the_images_on_the_page():
    findings = [dark(f"cat/{number:03}.jpg", number / 100) for number in range(75)]
    findings.append(Finding("leak", tuple(f"dog/{number}.jpg" for number in range(23)), 0.0, "one image"))
    findings.append(suspect("cat/000.jpg"))
    paths = shown_paths(findings, CHECKS)
    assert len(paths) == len(set(paths)) == 68
    page = parsed(replace(EMPTY, findings=findings, thumbnails=dict.fromkeys(paths, png())))
    assert {image["alt"] for image in page.all("img")} == {f"Image {path}" for path in paths}
    assert "no image to show" not in page.text()


def test_a_finding_of_an_unknown_check_is_never_dropped_silently():
    with pytest.raises(KeyError, match="unheard-of"):
        render_audit_page(replace(EMPTY, findings=(Finding("unheard-of", ("x",), 0.0, "?"),)))


def test_refused_files_are_grouped_by_fault_and_the_cure_is_said_once():
    cure = "the file ends too early: copy it again"
    rows = [IntakeRow(f"cat/{number}.jpg", "refused", "truncated", cure) for number in range(11)]
    rows += [IntakeRow(f"dog/{number}.jpg", "refused", "not-an-image", "it is a web page") for number in range(2)]
    rows += [IntakeRow("dog/j.jpg", "refused", "not-an-image", "it looks like JSON")]
    page = parsed(replace(EMPTY, refused=rows))
    text = page.text("refused")
    assert text.count(cure) == 1
    assert text.count("it is a web page") == 1
    assert "dog/j.jpg (it looks like JSON)" in text
    assert "truncated 11" in text
    assert "not-an-image 3" in text
    assert all(row.path in text for row in rows)
    assert len(page.all("details")) == 1, "only more than ten files are folded away"
    assert "14 Refused files" in page.text("verdict")


def test_classes_are_counted_for_each_given_split():
    splits = {"train": {"cat": 1420, "dog": 2000}, "test": {"cat": 80}}
    page = parsed(replace(EMPTY, class_counts={"cat": 1500, "dog": 2000}, split_counts=splits))
    assert page.text("classes") == "Classes 2 class train test images dog 2,000 0 2,000 cat 1,420 80 1,500"
    bars = [str(each["style"]) for each in page.all("span") if "style" in each]
    assert bars == ["width:100.0%", "width:75.0%"]


def test_many_classes_are_folded_and_all_are_there():
    counts = {f"class {number:04}": 1000 - number for number in range(1000)}
    page = parsed(replace(EMPTY, class_counts=counts, class_names=tuple(counts)))
    assert "970 smaller classes" in page.text("classes")
    assert all(name in page.text("classes") for name in counts)


def test_an_unread_corpus_has_a_page():
    counts = {"found": 1, "read": 0, "refused": 1, "ignored": 0}
    page = parsed(replace(EMPTY, counts=counts, class_counts={"cat": 0}, class_names=("cat",)))
    assert "cat 0" in page.text("classes")


def test_a_name_is_shown_on_one_line():
    assert one_line("a\nb\r\tc\x00") == "a\\nb\\r\\tc\\x00"
    assert one_line("gpj.\u202eexe") == "gpj.\\u202eexe"
    assert one_line("\u2066\u200b\u2028") == "\\u2066\\u200b\\u2028"
    assert one_line("\udcff") == "\\udcff"
    assert one_line("Müller 猫 שלום <b> '\"") == "Müller 猫 שלום <b> '\"", "letters of every script stay"


HOSTILE = st.one_of(
    st.text(st.characters(), min_size=1, max_size=40),
    st.sampled_from([
        "<script>document.title='x'</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</script>",
        "<!--<script>", "{{7*7}}", "{% raw %}", "${7*7}", "javascript:alert(1)", "__proto__", "constructor", "a\r\nb",
        "\u202egpj.exe", "\udcff\udcfe", "]]>", "</style>", "</title><script>", "=1+1", "' onmouseover='x",
    ]),
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(HOSTILE)
def test_no_name_changes_the_structure_of_the_page(name: str):
    def page(word: str) -> AuditPage:
        return replace(
            EMPTY,
            location=word,
            class_names=(word, "dog"),
            class_counts={word: 3, "dog": 1},
            split_counts={"train": {word: 1}},
            findings=(
                Finding("leak", (word, "b.jpg"), 0.0, word, 1.0, "across given splits"),
                suspect(word, word),
                suspect("b.jpg", word),
            ),
            notes=(word,),
            refused=(IntakeRow(word, "refused", word, word), IntakeRow("b.jpg", "refused", word, word)),
            classes_of={word: word, "b.jpg": word},
            splits_of={word: word},
            thumbnails={word: png()},
        )

    def structure(text: str) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in Parsed(text).elements if tag != "wbr"]

    text = render_audit_page(page(name))
    tame = "tame" if is_text(name) else "\udc80"  # names that are no text have a warning instead of a choice
    assert structure(text) == structure(render_audit_page(page(tame)))
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert text.encode()
    assert " ".join(one_line(name).split()) in Parsed(text).text("verdict")


def is_text(name: str) -> bool:
    return not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)


def choices(page: AuditPage) -> dict[str, list[dict[str, object]]]:
    data, script = parsed(page).scripts
    assert "choices" in script
    return json.loads(data)


@settings(deadline=None)
@given(HOSTILE.filter(is_text), HOSTILE.filter(is_text))
def test_the_script_is_given_exact_names(path: str, name: str):
    page = replace(EMPTY, class_names=(name,), findings=(suspect(path, name),), classes_of={path: name})
    given_to_script = choices(page)
    assert given_to_script["suspects"] == [{"place": 0, "path": path, "label": name, "suggested": name, "earlier": ""}]
    assert given_to_script["classes"] == [{"name": name, "shown": one_line(name)}]


def test_what_a_csv_cannot_hold_is_said_and_left_out():
    findings = (suspect("cat/\udcff.jpg", score=0.0), suspect("cat/1.jpg", score=0.1))
    page = replace(EMPTY, findings=findings, class_names=("cat", "dog", "\udcfe", "!remove", ""))
    document = parsed(page)
    assert "not valid text (UTF-8)" in document.text("suspect-0")
    assert "left out of its corrections.csv. Rename the file" in document.text("suspect-0")
    assert "not valid" not in document.text("suspect-1")
    assert [select["data-place"] for select in document.all("select") if "data-place" in select] == ["1"]
    assert [each["path"] for each in choices(page)["suspects"]] == ["cat/1.jpg"]
    assert [each["name"] for each in choices(page)["classes"]] == ["cat", "dog"]
    for name in ("\\udcfe", "!remove"):
        assert f"Class {name} cannot be chosen" in document.text("check-suspect-label")


def test_without_a_label_that_can_be_corrected_nothing_is_offered_to_save():
    assert "save" not in parsed(replace(EMPTY, findings=(suspect("\udcff.jpg"),))).texts
    assert "save" not in parsed(replace(EMPTY, findings=(dark("1.jpg"),))).texts


def test_the_next_command_is_the_one_that_was_given():
    text = parsed(
        replace(FULL, command=Command("train", ("my photos",), (Option("seed", 3),)), file="out/corrections.csv")
    )
    assert "hubel train 'my photos' --seed 3" in text.text("check-suspect-label")
    assert "out/corrections.csv" in text.text("check-suspect-label")


def test_a_command_that_cannot_be_typed_is_not_shown():
    text = parsed(replace(FULL, command=Command("train", ("a\nb",)))).text("check-suspect-label")
    assert "hubel train CORPUS -o RUN --corrections corrections.csv" in text


def test_only_the_script_of_the_page_may_run():
    page = parsed(FULL)
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    digest = base64.b64encode(hashlib.sha256(page.scripts[1].encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_the_page_refers_to_nothing_outside():
    text = render_audit_page(FULL)
    assert not re.search(r"https?:|url\(|@import|//\w", text)
    page = Parsed(text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        assert str(attributes.get("src", "data:")).startswith("data:")
        assert str(attributes.get("href", "#verdict"))[1:] in ids
        assert attributes.get("aria-labelledby", ids[0]) in ids


def test_every_image_and_every_choice_has_a_name_for_a_screen_reader():
    page = parsed(FULL)
    assert all(image["alt"] for image in page.all("img"))
    assert [select["aria-label"] for select in page.all("select") if "data-place" in select] == [
        "Correct label of dog/5.jpg"
    ]
    assert [tag for tag, _ in page.elements if tag == "h1"] == ["h1"]


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(scheme: int):
    style = (files("hubel.reports") / "templates/base.css").read_text()
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.S)[scheme]))
    pairs = [(front, back) for front in ("ink", "muted", "accent", "warn") for back in ("paper", "card", "well")]
    for front, back in [*pairs, ("on-accent", "accent")]:
        low, high = sorted((luminance(colours[front]), luminance(colours[back])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{front} on {back}"
