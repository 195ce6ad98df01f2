"""The house rules that a machine can check: who imports whom, what stays pure, how long things may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("crmpos", "reconciliation", "shops")
TOP_LEVEL = {"manage.py", "pyproject.toml", "README.md", "templates", "tests", *APPS}
FORBIDDEN_IMPORTS = {
    "shops": ("reconciliation", "crmpos"),
    "reconciliation": ("crmpos",),
    "crmpos": (),
}
PURE = (
    "shops/money.py",
    "shops/wire.py",
    "shops/marks.py",
    "shops/exchange_log.py",
    "shops/log_source.py",
    "shops/messages.py",
    "shops/pairing.py",
    "shops/wire_*.py",
    "shops/batches.py",
    "shops/masking.py",
    "shops/trace.py",
    "shops/payment/*.py",
    "shops/relay/breaker.py",
    "reconciliation/rules/*.py",
    "reconciliation/waterfall.py",
    "reconciliation/file_types.py",
    "reconciliation/owner/days.py",
    "reconciliation/owner/habit.py",
    "crmpos/history/*.py",
    "crmpos/operating/request_kinds.py",
)
PURE_MAY_IMPORT = {"biip", "msgspec"}
LONGEST_FUNCTION = 70
LONGEST_FILE = 400


def find_modules(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


PRODUCTION = [
    ROOT / "manage.py",
    *(path for path in find_modules(*(f"{app}/**/*.py" for app in APPS)) if "migrations" not in path.parts),
]
PURE_MODULES = find_modules(*PURE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_module = pytest.mark.parametrize("path", PRODUCTION, ids=name_of)
each_pure_module = pytest.mark.parametrize("path", PURE_MODULES, ids=name_of)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def list_imports(path: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file, inside functions and for type checking too."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno} imports relatively"
            assert node.module is not None
            yield node.module
            # "from shops import services" imports shops.services.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def list_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lies_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@each_module
def test_imports_run_one_way(path: Path) -> None:
    app = path.relative_to(ROOT).parts[0]
    forbidden = FORBIDDEN_IMPORTS.get(app, ())
    assert [module for module in list_imports(path) if lies_within(module, forbidden)] == []


@pytest.mark.parametrize(
    "path",
    [path for path in PRODUCTION if "services" in path.stem or "services" in path.parts],
    ids=name_of,
)
def test_services_never_import_tasks(path: Path) -> None:
    tasks = tuple(f"{app}.tasks" for app in APPS)
    assert [module for module in list_imports(path) if lies_within(module, tasks)] == []


@each_module
def test_the_admin_theme_is_imported_in_one_place(path: Path) -> None:
    if name_of(path) not in ("shops/admin_base.py", "shops/admin_lists.py"):
        assert [module for module in list_imports(path) if lies_within(module, ("unfold",))] == []


@each_module
def test_nobody_imports_signals(path: Path) -> None:
    signals = ("django.dispatch", "django.db.models.signals", "django.core.signals")
    assert [module for module in list_imports(path) if lies_within(module, signals)] == []


@each_pure_module
def test_a_pure_module_loads_no_django(path: Path) -> None:
    module = name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    program = f"import sys, {module}; print(sorted(name for name in sys.modules if name.split('.')[0] == 'django'))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.strip()) == ("", "[]")


@each_pure_module
def test_a_pure_module_imports_the_standard_library_and_pure_modules_only(path: Path) -> None:
    pure = {name_of(module).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for module in PURE_MODULES}
    impure = [
        module
        for module in list_imports(path)
        if (top := module.split(".")[0]) not in sys.stdlib_module_names | PURE_MAY_IMPORT
        and not lies_within(module, tuple(pure))
        and not (top in APPS and any(name.startswith(f"{module}.") for name in pure))
    ]
    assert impure == []


def test_all_pure_modules_are_there() -> None:
    assert {name_of(path) for path in PURE_MODULES} >= set(PURE[:4])
    assert any(path.parts[-2] == "rules" for path in PURE_MODULES)


def test_the_top_level_holds_what_the_frame_allows() -> None:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    top = {line.split("/")[0] for line in done.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


@each_module
def test_a_function_fits_on_a_screen(path: Path) -> None:
    too_long = [
        f"{function.name}: {length} lines"
        for function in list_functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    ]
    assert too_long == []


@each_module
def test_a_file_has_one_subject(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    assert path.stem != "utils"


@each_module
def test_every_function_says_what_it_returns(path: Path) -> None:
    assert [function.name for function in list_functions(path) if function.returns is None] == []


@each_module
def test_a_module_says_what_lives_in_it(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    if path.name == "__init__.py" and path.parent.parent == ROOT:
        assert content == "", "the __init__.py of an app is empty"
    elif content:
        assert ast.get_docstring(parse(path))


@each_module
def test_money_is_rounded_in_one_place(path: Path) -> None:
    if name_of(path) != "shops/money.py":
        assert [f"line {line}: {name}" for line, name in list_rounding(path)] == []


def list_rounding(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(parse(path)):
        name = {ast.Attribute: "attr", ast.Name: "id", ast.alias: "name"}.get(type(node))
        word = getattr(node, name) if name else ""
        if word in ("quantize", "round") or word.startswith("ROUND_"):
            yield getattr(node, "lineno", 0), word


@each_module
def test_no_figure_becomes_a_float(path: Path) -> None:
    floats = [
        f"line {node.lineno}"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert floats == []


@each_module
def test_saving_names_its_fields(path: Path) -> None:
    """A save of every field would write stale values over what another process has just written."""
    careless = [
        f"line {node.lineno}"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "save"
        and not is_call_of_super(node.func.value)
        and not any(keyword.arg in ("update_fields", "force_insert") for keyword in node.keywords)
    ]
    assert careless == []


def is_call_of_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
