"""Every function takes few arguments, most of them by name; every public one says what it takes, gives and refuses."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "hubel"
MOST_PARAMETERS, BY_PLACE = 6, 2
ARRAYS = ("ndarray",)
ERRORS = {
    node.name for node in ast.walk(ast.parse((SRC / "errors" / "__init__.py").read_text())) if isinstance(node, ast.ClassDef)
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, Function, bool]]:
    """(file: name, function, whether it is public) of every function and method."""
    for path in sorted(SRC.rglob("*.py")):
        yield from _of(ast.parse(path.read_text()), str(path.relative_to(SRC)), public=True)


def _of(node: ast.AST, where: str, *, public: bool) -> Iterator[tuple[str, Function, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            is_public = public and not child.name.startswith("_")
            yield f"{where}: {child.name}", child, is_public
            yield from _of(child, where, public=False)
        elif isinstance(child, ast.ClassDef):
            yield from _of(child, where, public=public and not child.name.startswith("_"))
        else:
            yield from _of(child, where, public=public)


def places(function: Function) -> list[str]:
    """Parameters that can be given by place, without ``self``."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def is_given_by_others(function: Function) -> bool:
    """Whether click calls it, with every option by name."""
    return any("click." in ast.unparse(each) or "options" in ast.unparse(each) for each in function.decorator_list)


@cache
def passed_on() -> frozenset[str]:
    """Names of functions that are handed to a caller who knows no names, or called with ``*values``."""
    found = set()
    for path in sorted(SRC.rglob("*.py")):
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = {id(call.func) for call in calls}
        names = [
            node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute) and id(node) not in called
        ]
        names += [call.func for call in calls if any(isinstance(each, ast.Starred) for each in call.args)]
        found |= {node.attr if isinstance(node, ast.Attribute) else node.id for node in names if hasattr(node, "ctx")}
    return frozenset(found)


def of_a_class_of_others() -> set[str]:
    """``file: method`` of every method of a class that is derived from one of a framework: it has their signature."""
    ours = {node.name for path in SRC.rglob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)}  # fmt: skip
    found = set()
    for path in sorted(SRC.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                ast.unparse(each).split("[")[0] not in {*ours, "Protocol", "NamedTuple"} for each in node.bases
            ):
                found |= {f"{path.relative_to(SRC)}: {each.name}" for each in node.body if isinstance(each, Function)}
    return found


def test_arguments_behind_the_second_are_given_by_name():
    theirs = of_a_class_of_others()
    wrong = [
        name for name, each, _ in functions()
        if len(places(each)) > BY_PLACE and not is_given_by_others(each)
        and each.name not in passed_on() and name not in theirs and not _is_dunder(each, but="__init__")
    ]  # fmt: skip
    assert wrong == []


def test_no_function_takes_more_than_six_arguments():
    wrong = [
        name for name, each, _ in functions()
        if len(places(each)) + len(each.args.kwonlyargs) > MOST_PARAMETERS
        and not is_given_by_others(each) and not name.startswith("api/")
    ]  # fmt: skip
    assert wrong == []


def test_a_public_function_explains_its_arguments():
    theirs = of_a_class_of_others()
    wrong = [
        name for name, each, public in functions()
        if public and name not in theirs and len(places(each)) + len(each.args.kwonlyargs) >= 2
        and "Args:" not in (ast.get_docstring(each) or "") and not is_given_by_others(each) and not _is_dunder(each)
    ]  # fmt: skip
    assert wrong == []


def test_a_public_function_gives_the_shapes_of_its_arrays():
    wrong = [
        name for name, each, public in functions()
        if public and not _is_dunder(each) and _has_arrays(each) and "[" not in (ast.get_docstring(each) or "")
    ]  # fmt: skip
    assert wrong == []


def test_a_public_function_names_what_it_raises():
    wrong = [
        name for name, each, public in functions()
        if public and _raised(each) and "Raises:" not in (ast.get_docstring(each) or "") and not is_given_by_others(each)
    ]  # fmt: skip
    assert wrong == []


def _is_dunder(function: Function, *, but: str = "") -> bool:
    return function.name.startswith("__") and function.name != but


def _has_arrays(function: Function) -> bool:
    arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    annotations = [each.annotation for each in arguments] + [function.returns]
    names = {
        part.attr if isinstance(part, ast.Attribute) else part.id
        for each in annotations if each is not None
        for part in ast.walk(each) if isinstance(part, ast.Name | ast.Attribute)
    }  # fmt: skip
    return bool(names & set(ARRAYS))


def _raised(function: Function) -> bool:
    """It raises an error of ours itself; inner functions count for themselves."""
    own = list(ast.iter_child_nodes(function))
    while own:
        node = own.pop()
        if isinstance(node, Function | ast.Lambda):
            continue
        made = node.exc if isinstance(node, ast.Raise) else None
        if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id in ERRORS:
            return True
        own.extend(ast.iter_child_nodes(node))
    return False
