"""What all views of the page share: the last wish counts, nothing stale is shown, edits go back and forth."""

from __future__ import annotations

import numpy as np
import pytest
from tests.made.page_sessions import run_session
from tests.node import NEEDS_NODE

pytestmark = NEEDS_NODE
ZEROS = '{ kind: "weight", step: "conv1", part: "kernel", after: (before) => before.map(() => 0), words: "zeros" }'


def test_of_images_that_come_faster_than_they_are_computed_only_the_last_one_is():
    found = run_session("""
        const [first, ...waits] = images.map((image) => session.setImage(image));
        const answers = await Promise.all([first, ...waits]);
        await session.setImage(images[2]);
        await Promise.all([session.setImage(images[3]), session.setImage(images[4])]);
        show({ runs: client.count("run"), mine: answers.map((each) => each?.image.name ?? null), shown: session.answer.image.name });
    """)
    assert found == {"runs": 3, "mine": [None] * 5 + ["5"], "shown": "4"}


def test_a_script_gets_the_answer_to_its_own_image_where_a_later_one_has_taken_its_place():
    found = run_session("""
        const answers = await Promise.all(images.map((image) => session.setImage(image, { each: true })));
        const alone = [];
        for (const image of images) alone.push(await session.setImage(image));
        show([answers, alone].map((each) => each.map(numbers)));
    """)
    assert found[0] == found[1]
    assert np.ptp(found[1], axis=0).max() > 0.1


def test_what_was_read_while_the_image_changed_is_not_taken_for_one_picture_of_it():
    found = run_session("""
        await session.setImage(images[0]);
        const read = () => session.current(async () => [await session.value("conv1"), await session.value("logits")]);
        const still = await read();
        const change = session.setImage(images[1]);
        const between = read(), before = session.version;
        await change;
        const after = await read();
        show({ still: still.length, between: (await between) ?? null, after: after.length, moved: session.version - before,
               same: Array.from(after[1].data).every((each, place) => each === session.answer.logits[place]) });
    """)
    assert found["still"] == found["after"] == 2
    assert found["between"] is None
    assert found["moved"] > 0
    assert found["same"]


def test_undo_gives_the_very_same_logits_and_redo_those_of_the_edit():
    found = run_session(f"""
        await session.setImage(images[0]);
        const kept = [numbers(session.answer)], steps = [() => session.edit({ZEROS}),
          () => session.edit({{ kind: "off", value: "conv2", channel: 2, words: "off" }}),
          () => session.undo(), () => session.undo(), () => session.redo(), () => session.redo(), () => session.restore(), () => session.undo(),
          () => session.switchOn("conv2", 2)];
        for (const step of steps) {{ await step(); kept.push(numbers(session.answer)); }}
        show({{ kept, edits: session.edits.map((each) => each.words), trained: numbers(await session.trained()) }});
    """)
    start, zeros, both, one, none, again, all_again, restored, back, on = found["kept"]
    assert start == none == restored == found["trained"]
    assert zeros == one == again == on
    assert both == all_again == back
    assert max(np.abs(np.subtract(start, zeros))) > 1e-3
    assert found["edits"] == ["zeros"]


def test_edits_that_take_each_others_place_are_one_step_and_none_is_lost():
    found = run_session("""
        await session.setImage(images[0]);
        const put = (place, value, same) => session.edit({ kind: "weight", step: "conv1", part: "kernel", same, words: `${place}: ${value}`,
          after: (before) => before.map((old, at) => (at === place ? value : old)) });
        const before = client.count("edit");
        await Promise.all([1, 1.5, 1.25].map((value) => put(0, value, "first")).concat(put(7, -2, "other")));
        const { kernel } = await session.weights("conv1");
        show({ words: session.edits.map((each) => each.words), numbers: [kernel.data[0], kernel.data[7]], sent: client.count("edit") - before });
    """)
    assert found["words"] == ["0: 1.25", "7: -2"]
    assert found["numbers"] == [1.25, -2]
    assert found["sent"] == 2  # the first one at once, the three others together


def test_the_trained_answer_to_a_new_image_is_there_although_the_network_is_edited():
    found = run_session(f"""
        await session.setImage(images[1]);
        const trained = numbers(session.answer);
        await session.setImage(images[0]);
        await session.edit({ZEROS});
        await session.setImage(images[1]);
        const edited = numbers(session.answer), unknown = session.trainedAnswer;
        const asked = numbers(await session.trained());
        await session.undo();
        show({{ trained, edited, unknown, asked, undone: numbers(session.answer) }});
    """)
    assert found["trained"] == found["asked"] == found["undone"] != found["edited"]
    assert found["unknown"] is None


def test_an_error_of_the_engine_reaches_whoever_listens_and_the_next_wish_is_followed():
    found = run_session(f"""
        const heard = [];
        session.on("fault", () => heard.push(session.fault));
        await session.setImage(images[0]);
        const before = numbers(session.answer);
        client.failing = "edit";
        const refused = await session.edit({ZEROS}).then(() => null, (error) => error.message);
        client.failing = "run";
        const second = await session.setImage(images[1]).then(() => null, (error) => error.message);
        client.failing = null;
        await session.setImage(images[0]);
        show({{ heard, refused, second, edits: session.edits.length, same: numbers(session.answer).every((each, place) => each === before[place]) }});
    """)
    assert found == {
        "heard": ["no more memory"] * 2,
        "refused": "no more memory",
        "second": "no more memory",
        "edits": 0,
        "same": True,
    }


def test_what_does_not_fit_the_network_is_refused_in_words():
    found = run_session("""
        const said = async (act) => { try { await act(); return null; } catch (error) { return error.message; } };
        const messages = [await said(() => session.value("conv1")), await said(() => session.setImage({ pixels: new Uint8Array(9) })),
          await said(() => session.edit({ kind: "weight", step: "conv1", part: "kernel", after: new Float32Array(2), words: "short" }))];
        session.select({ layer: "gone", channel: 1, at: [1, 1] });
        const still = [session.layer, session.channel, ...session.at];
        session.select({ channel: 99, at: [99, -1] });
        show({ still, messages, layer: session.layer, channel: session.channel, at: session.at, edits: session.edits.length });
    """)
    assert found["messages"] == [
        "There is no image yet.",
        "An image of this network has 12 × 14 pixels of 3 numbers; this one has 9 numbers.",
        "conv1 has 108 numbers here; 2 were given.",
    ]
    assert found["still"] == ["conv1", 0, 0, 0]
    assert (found["layer"], found["channel"], found["at"], found["edits"]) == ("conv1", 3, [11, 0], 0)


@pytest.mark.parametrize("mirrored", [False, True])
def test_each_filter_switched_off_in_turn_answers_as_if_that_one_were_edited(mirrored: bool):
    found = run_session(
        """
        import { withoutEach } from "./session/trials.js";
        await session.setImage(images[0]);
        const before = numbers(session.answer), { signal } = new AbortController(), counts = [];
        const found = await withoutEach(session, { value: "relu1", channels: [0, 1, 2, 3], signal, heard: (done) => counts.push(done) });
        const edited = [];
        for (const channel of [0, 1, 2, 3]) {
          await session.edit({ kind: "off", value: "relu1", channel, words: "" });
          edited.push(numbers(session.answer));
          await session.undo();
        }
        const left = await session.value("relu1");
        show({ before, after: numbers(session.answer), found: found.map(({ answer }) => numbers(answer)), edited, counts });
        """,
        classifier={"tta": "mirror" if mirrored else "none"},
    )
    assert found["found"] == found["edited"]
    assert found["before"] == found["after"] not in found["edited"]
    assert found["counts"] == [1, 2, 3, 4]


def test_a_trial_ends_when_it_is_stopped_or_the_image_is_another_one():
    found = run_session("""
        import { answersTo, examplesWithEdits, withoutEach } from "./session/trials.js";
        import { shiftsOf } from "./views/paint_shift.js";
        await session.setImage(images[0]);
        const stopped = new AbortController(), whole = new AbortController().signal, channels = [0, 1, 2, 3];
        const first = await withoutEach(session, { value: "relu1", channels, signal: stopped.signal, heard: (done) => done === 2 && stopped.abort() });
        const second = await withoutEach(session, { value: "relu1", channels, signal: whole, heard: (done) => done === 2 && session.setImage(images[1]) });
        const changes = shiftsOf(session.image.pixels, [12, 14], 2), shifted = await answersTo(session, { changes, signal: whole, heard: () => {} });
        const kept = await client.ask("value", { slot: "trial 1", name: "relu1" }).then(() => true, () => false);
        show({ first, second, shifts: shifted.map(({ axis, by }) => [axis, by]), still: numbers(shifted[2].answer), now: numbers(session.answer), kept });
    """)
    assert found["first"] is found["second"] is None
    assert found["shifts"] == [[axis, by] for axis in ("right", "down") for by in range(-2, 3)]
    assert found["still"] == found["now"]
    assert found["kept"] is False


def test_the_example_images_are_answered_before_and_after_the_edits():
    found = run_session(f"""
        import {{ examplesWithEdits }} from "./session/trials.js";
        const alone = [], edited = [];
        for (const image of images) {{ await session.setImage(image); alone.push(numbers(session.answer)); }}
        await session.edit({ZEROS});
        for (const image of images) {{ await session.setImage(image); edited.push(numbers(session.answer)); }}
        const read = async (example) => images[data.examples.indexOf(example)];
        const found = await examplesWithEdits(session, {{ read, signal: new AbortController().signal, heard: () => {{}} }});
        show({{ before: found.map((each) => numbers(each.before)), after: found.map((each) => numbers(each.after)), alone, edited }});
    """)
    assert found["before"] == found["alone"] != found["edited"]
    assert found["after"] == found["edited"]
