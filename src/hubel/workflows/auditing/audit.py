"""Audit: look at every file of a corpus, train nothing, and say what is wrong with it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.corpus.audit.catalogue import CHECKS, find_all, ranked
from hubel.corpus.audit.finding import Check, Finding
from hubel.corpus.corpus import SPLITS, Corpus, tile_of
from hubel.corpus.corrections import COLUMNS, apply_corrections, read_corrections
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.measured_corpus import ExaminedCorpus, describe_frames
from hubel.corpus.reading import AS_FOUND, Reading
from hubel.errors.wording import Text, facts_of
from hubel.events import OnEvent, ignore
from hubel.files import write_bytes, write_csv, write_json
from hubel.images.notebook import cell, document
from hubel.images.samples import SampleRule
from hubel.pipeline.examine import examine_corpus
from hubel.reports.audit_page import AuditPage, render_audit_page, shown_paths, suspect_paths
from hubel.reports.thumbnails import make_thumbnails
from hubel.runs.out_folder import keep_out_of_the_images, prepare_folder
from hubel.runs.which_run import check_is_no_run
from hubel.text import brief, chance, counted, elided, name_counts
from hubel.workflows.auditing.audit_words import Given
from hubel.workflows.auditing.shortcut_report import CHECK as SHORTCUT
from hubel.workflows.auditing.shortcut_report import Shortcuts

FORMAT = 1
SHOWN_FINDINGS = 12
"""In a notebook."""
PAGE, DOCUMENT, INTAKE, FINDINGS, LABELS, CORRECTIONS = (
    "audit.html", "audit.json", "intake.csv", "findings.csv", "labels.csv", "corrections.csv",
)  # fmt: skip
FILES = (PAGE, DOCUMENT, INTAKE, FINDINGS, LABELS, CORRECTIONS)
DOUBTFUL = ("suspect-label", "label-conflict", "blank", "dark", "bright", "blurry")
"""Checks whose images are listed in corrections.csv, for people to decide on."""
DECIDED = "decided before"
"""In the place of a check: a row of the corrections that the audit was given."""
SUSPECT_SIDE = 400
"""Pixels of the images that a person decides on; the others are thumbnails."""


@brief
@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Args:
        examined: the corpus and its measurements.
        findings: check by check, the worst of each first.
        notes: sentences on the corpus as a whole.
        label_ranking: (path, label, suggested, quality) of every example, the most suspicious first; empty where that
            was not asked for.
        expected_share: of the suspect labels, the share that is expected to be wrong if errors fall at random.
        earlier: rows of `COLUMNS`, of the corrections that were given.
        bands: numbers of the bands that were looked at, from 1; none is all.
        shortcuts: what the probes found; None where that was not asked for.
    """

    examined: ExaminedCorpus
    findings: tuple[Finding, ...]
    notes: tuple[Text | str, ...]
    label_ranking: tuple[tuple[str, str, str, float], ...] = ()
    expected_share: float = 0.0
    earlier: tuple[tuple[str, str, str, str], ...] = ()
    bands: tuple[int, ...] = ()
    shortcuts: Shortcuts | None = None

    @property
    def corpus(self) -> Corpus:
        """As it was read, less what is refused."""
        return self.examined.corpus

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """What lies in more than one given split."""
        return tuple(finding for finding in self.findings if finding.check == "leak")

    @property
    def suspects(self) -> int:
        """Labels to look at."""
        return sum(finding.check == "suspect-label" for finding in self.findings)

    @property
    def expected(self) -> str:
        """How many of the suspect labels are expected to be wrong, as a sentence; empty where there are none."""
        if not self.suspects:
            return ""
        wrong = round(self.expected_share * self.suspects)
        if self.suspects == 1:
            said = f"Its estimated chance of being wrong is {chance(self.expected_share)}"
        else:
            about = f"About {wrong:,}" if wrong else "Fewer than one"
            be = "is" if wrong < 2 else "are"
            said = f"The most doubtful first. {about} of these {self.suspects:,} ({chance(self.expected_share)}) {be}"
            said += " expected to be wrong"
        return f"{said}, assuming that errors occur at random; confusions between similar classes may add some."

    def with_suspects(
        self,
        suspects: Sequence[Finding],
        ranking: Sequence[tuple[str, str, str, float]],
        *,
        expected_share: float = 0.0,
    ) -> Audit:
        """The same with suspect labels, each finding where its check belongs.

        Args:
            suspects: the findings.
            ranking: as of ``label_ranking``.
            expected_share: of the suspects, the share that is expected to be wrong.
        """
        return replace(self, findings=self._with(suspects), label_ranking=tuple(ranking), expected_share=expected_share)

    def with_shortcuts(self, shortcuts: Shortcuts) -> Audit:
        """The same with shortcuts, each alarm a finding where its check belongs."""
        return replace(self, findings=self._with([each.finding for each in shortcuts.alarms]), shortcuts=shortcuts)

    def _with(self, more: Sequence[Finding]) -> tuple[Finding, ...]:
        """All findings, check by check, the worst of each first."""
        both = [*self.findings, *more]
        return tuple(each for name in CHECKS for each in ranked([one for one in both if one.check == name]))

    @property
    def checks(self) -> dict[str, Check]:
        """What was looked for: all but what takes a wish that was not given."""
        asked = {"suspect-label": bool(self.label_ranking), SHORTCUT: self.shortcuts is not None}
        return {name: each for name, each in CHECKS.items() if asked.get(name, True)}

    def to_json(self) -> dict[str, Any]:
        """Plain data: counts, one entry for each file, and the findings."""
        corpus = self.corpus
        return {
            "format": FORMAT,
            "corpus": corpus.location,
            "corpus_format": corpus.format,
            **corpus.intake_counts,
            "classes": corpus.class_counts,
            "notes": list(map(facts_of, self.notes)),
            "files": [asdict(row) for row in corpus.intake],
            "findings": [finding.to_json() for finding in self.findings],
            **({"suspect_labels": self._suspects_to_json()} if self.label_ranking else {}),
            **({} if self.shortcuts is None else {"shortcuts": self.shortcuts.to_json()}),
        }

    def _suspects_to_json(self) -> dict[str, Any]:
        return {
            "looked_at": len(self.label_ranking),
            "listed": self.suspects,
            "expected_share_wrong": round(self.expected_share, 4),
        }

    def _brief(self) -> Iterator[str]:
        corpus, found = self.corpus, len(self.findings)
        classes = counted(len(corpus.class_names), "class", "classes")
        yield f"Audit of {elided(corpus.location)}: {counted(len(corpus), 'image')} in {classes}"
        yield f"{counted(len(corpus.refused), 'file')} refused, {counted(found, 'finding')}"
        if found:
            yield name_counts(Counter(finding.check for finding in self.findings), most=8)
            yield f"first: {self.findings[0].message}"

    def _repr_html_(self) -> str:
        corpus = self.corpus
        place_of = {example.path: place for place, example in enumerate(corpus.examples)}
        rows = []
        for finding in self.findings[:SHOWN_FINDINGS]:
            paths = [path for path in finding.paths if path in place_of][:2]
            tiles = "".join(tile_of(corpus, place_of[path], caption=path.rpartition("/")[2]) for path in paths)
            rows.append((cell(finding.check), cell(finding.message), tiles))
        return document(list(self._brief())[:3], rows, header=("check", "finding", "images"))


def audit_corpus(
    location: str | Path,
    *,
    corrections: Path | None = None,
    reading: Reading = AS_FOUND,
    on_event: OnEvent = ignore,
) -> Audit:
    """Look at every image of a corpus.

    Args:
        location: what `read_corpus` takes.
        corrections: a file for `read_corrections`; the audit is of the corrected corpus.
        reading: how the corpus is read, and what counts as a copy in it.
        on_event: hears what goes on.

    Raises:
        UnusableCorpus: nothing there, or nothing that is a corpus. One that no classifier can be made of is audited.
        UnusableInput: corrections that do not fit.
    """
    check_is_no_run(location)
    corpus = read_corpus(location, reading=reading, on_event=on_event)
    earlier: tuple[tuple[str, str, str, str], ...] = ()
    if corrections is not None:
        decided = read_corrections(corrections)
        given = _class_of(corpus)
        earlier = tuple((path, given.get(path, ""), "", label) for path, label in decided.decided.items())
        corpus = apply_corrections(corpus, decided)
    examined = examine_corpus(corpus, bands=reading.bands, copies=reading.copies, on_event=on_event)
    notes = (*examined.corpus.notes, *describe_frames(examined))
    return Audit(examined, tuple(find_all(examined)), notes, earlier=earlier, bands=reading.bands)


def prepare_audit_folder(out: Path, location: str, *, reading: Reading = AS_FOUND, overwrite: bool) -> None:
    """Make the folder of an audit before time is spent.

    Args:
        out: the folder.
        location: of the corpus, which must not hold it.
        reading: how the corpus is read.
        overwrite: an audit may be there already.

    Raises:
        HubelError: as `prepare_folder`.
    """
    prepare_folder(out, location, names=FILES, reading=reading, what="an audit", overwrite=overwrite)


def write_audit(audit: Audit, out: Path, *, given: Given | None = None, on_event: OnEvent = ignore) -> None:
    """Write the page and the tables of an audit into a folder; ``labels.csv`` only where labels were ranked.

    Args:
        audit: what was found.
        out: the folder.
        given: what the next command must be told too; by default, where the corpus lies.
        on_event: hears what goes on.
    """
    keep_out_of_the_images(out, audit.corpus)
    rows = [(row.path, row.status, row.code, row.reason) for row in audit.corpus.intake]
    write_csv(out / INTAKE, ("path", "status", "code", "reason"), rows=rows)
    write_csv(out / FINDINGS, ("check", "path", "score", "relation", "suggested", "message"), rows=_finding_rows(audit))
    if audit.label_ranking:
        write_csv(out / LABELS, ("path", "label", "suggested", "quality"), rows=audit.label_ranking)
    write_csv(out / CORRECTIONS, (*COLUMNS, "check"), rows=_correctable(audit))
    page = _page(audit, given or Given(audit.corpus.location), out=out, on_event=on_event)
    write_bytes(out / PAGE, render_audit_page(page).encode("utf-8"))
    write_json(out / DOCUMENT, audit.to_json())


def _finding_rows(audit: Audit) -> list[tuple[object, ...]]:
    """One row for each file of each finding."""
    return [
        (each.check, path, round(each.score, 6), each.relation, each.suggested, each.message)
        for each in audit.findings
        for path in each.paths or ("",)
    ]


def _correctable(audit: Audit) -> list[tuple[str, ...]]:
    """One row for each doubtful image, its correction left to a person; and what a person has decided before."""
    class_of = _class_of(audit.corpus)
    decided = {row[0]: row[3] for row in audit.earlier}
    rows: dict[str, tuple[str, ...]] = {}
    for name in DOUBTFUL:
        for finding in audit.findings:
            for path in finding.paths if finding.check == name else ():
                rows.setdefault(path, (path, class_of[path], finding.suggested, decided.get(path, ""), name))
    return [*((*row, DECIDED) for row in audit.earlier if row[0] not in rows), *rows.values()]


def _class_of(corpus: Corpus) -> dict[str, str]:
    return {example.path: corpus.class_names[example.label] for example in corpus.examples}


def _page(audit: Audit, given: Given, *, out: Path, on_event: OnEvent) -> AuditPage:
    corpus = audit.corpus
    return AuditPage(
        location=corpus.location,
        made_by=f"hubel {version('hubel')}",
        counts=corpus.intake_counts,
        class_names=corpus.class_names,
        class_counts=corpus.class_counts,
        checks=audit.checks,
        findings=audit.findings,
        split_counts=_split_counts(corpus),
        notes=tuple(map(facts_of, audit.notes)),
        refused=corpus.refused,
        classes_of=_class_of(corpus),
        splits_of={example.path: example.split for example in corpus.examples if example.split is not None},
        thumbnails=_thumbnails(audit, on_event),
        expected=audit.expected,
        command=given.train(out / CORRECTIONS),
        file=str(out / CORRECTIONS),
        earlier=audit.earlier,
        identity=_identity(audit),
    )


def _thumbnails(audit: Audit, on_event: OnEvent) -> dict[str, bytes]:
    corpus = audit.corpus
    make = partial(make_thumbnails, corpus, rule=SampleRule(audit.bands), on_event=on_event)
    place_of = {example.path: place for place, example in enumerate(corpus.examples)}
    decided_on = suspect_paths(audit.findings, CHECKS)
    others = [path for path in shown_paths(audit.findings, CHECKS) if path not in set(decided_on)]
    small, large = ([place_of[path] for path in paths] for paths in (others, decided_on))
    return make(small) | make(large, side=SUSPECT_SIDE)


def _identity(audit: Audit) -> str:
    """Of the corpus' files and their content, for what the page keeps."""
    known = sorted(zip((example.path for example in audit.corpus.examples), audit.examined.copies.digests, strict=True))
    return f"hubel-audit-{hashlib.sha256(repr(known).encode()).hexdigest()}"


def _split_counts(corpus: Corpus) -> dict[str, dict[str, int]]:
    """Given split → class name → images, in the order of `SPLITS`; empty where none is given."""
    counts = Counter((example.split, example.label) for example in corpus.examples)
    given = [split for split in SPLITS if any(example.split == split for example in corpus.examples)]
    return {split: {name: counts[split, label] for label, name in enumerate(corpus.class_names)} for split in given}
