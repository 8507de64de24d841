"""The command `mslearn`: opens the camp, copies its lessons, lists devices."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: this process's) and return its exit code.

    Example:
        >>> main(["lessons", "camp"])  # doctest: +SKIP
        0
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # What follows `--` is for Jupyter; argparse would take it for positional arguments.
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = _parser()
    options = parser.parse_args(arguments[:cut])
    jupyter_args = arguments[cut + 1 :]
    if jupyter_args and options.command != "lab":
        parser.error("only `mslearn lab` takes arguments for Jupyter after --")
    try:
        if options.command == "lab":
            return _lab(options, jupyter_args)
        if options.command == "lessons":
            return _lessons(options.dir)
        if options.command == "camp":
            return _class(options)
        if options.command == "insight":
            return _insight(options)
        if options.command == "devices":
            from mslearn.backends import table

            print(table(_spoken(options.lang)))
            return 0
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    parser.print_help()
    return 0


def _lab(options: argparse.Namespace, jupyter_args: Sequence[str]) -> int:
    from mslearn.lab.launch import launch, leave

    code = launch(
        port=options.port,
        browser=options.browser,
        language=options.lang,
        folder=options.dir,
        jupyter_args=jupyter_args,
    )
    return leave(code)


def _lessons(folder: Path) -> int:
    from mslearn.lab.working_copy import WorkingCopyError, update

    try:
        report = update(folder)
    except WorkingCopyError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Lessons: {folder}")
    for line in report.notes() or ["nothing new"]:
        print(f"  {line}")
    return 0


def _insight(options: argparse.Namespace) -> int:
    from mslearn.lab.dashboard_app import launch_dashboard
    from mslearn.lab.launch import leave

    return leave(
        launch_dashboard(options.summary_base_dir, port=options.port, browser=options.browser)
    )


def _class(options: argparse.Namespace) -> int:
    from mslearn.camp import classroom

    try:
        if options.task == "new-class":
            for name in classroom.new_class(options.dir, options.lang):
                print(f"wrote {options.dir / name}")
            print(f"Next: cd {options.dir} && nbgrader generate_assignment day01")
        elif options.task == "collect":
            from mslearn.camp import collect

            handed_in = collect.collect(options.course, options.dir)
            print(collect.as_text(handed_in))
            for day in sorted({one.day for one in handed_in if one.day}):
                print(f"Next: cd {options.course} && nbgrader autograde {day}")
        else:
            learners = classroom.report(options.dir)
            if options.csv and sys.stdout.encoding.lower() == "utf-8" and not sys.stdout.isatty():
                print(end="\ufeff")  # without it, Excel takes Chinese names for another encoding
            shown = classroom.as_csv(learners) if options.csv else classroom.as_text(learners)
            print(shown.rstrip("\n"))
    except classroom.ClassroomError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _spoken(chosen: str | None) -> str:
    """What a command speaks: ``--lang``, else what the camp does, else the system."""
    from mslearn.camp import language, progress
    from mslearn.lab.launch import language_of_system

    if chosen or os.environ.get("MSLEARN_LANG") or progress.path().exists():
        return chosen or language()
    return language_of_system()


def _parser() -> argparse.ArgumentParser:
    from mslearn import __version__

    parser = argparse.ArgumentParser(
        prog="mslearn", description="Learn MindSpore in 25 days, in JupyterLab."
    )
    parser.add_argument("--version", action="version", version=f"mslearn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    lab = commands.add_parser(
        "lab",
        help="open the camp in JupyterLab",
        description="Open the camp in JupyterLab, on your own copy of the lessons. "
        "New lessons are added; what you changed is never overwritten.",
        epilog="Arguments after -- go to JupyterLab: mslearn lab -- --ip=0.0.0.0",
    )
    lab.add_argument("--port", type=_port, help="port to try first (default: 8888)")
    lab.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address only"
    )
    lab.add_argument("--lang", choices=("en", "zh"), help="language of the lessons (kept)")
    lab.add_argument(
        "--dir",
        type=Path,
        help="folder of your copy (default: $MSLEARN_CAMP_DIR or ~/mslearn-camp)",
    )

    insight = commands.add_parser(
        "insight",
        help="show recorded trainings in the browser",
        description="Show the trainings recorded below a folder, by mslearn or by MindSpore, "
        "while they run and afterwards.",
    )
    insight.add_argument(
        "--summary-base-dir", type=Path, default=Path("."), metavar="DIR",
        help="the folder (default: the present one)",
    )  # fmt: skip
    insight.add_argument("--port", type=_port, help="port to try first (default: 8888)")
    insight.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address only"
    )

    lessons = commands.add_parser("lessons", help="copy the lessons into a folder, or update them")
    lessons.add_argument("dir", type=Path, metavar="DIR", help="the folder")

    devices = commands.add_parser(
        "devices", help="list what graphs can run on, and why not on the rest"
    )
    devices.add_argument("--lang", choices=("en", "zh"), help="language (default: the camp's)")

    camp = commands.add_parser("camp", help="for teachers: a course for nbgrader, a class's report")
    tasks = camp.add_subparsers(dest="task", metavar="TASK", required=True)
    course = tasks.add_parser("new-class", help="copy this release's lessons as an nbgrader course")
    course.add_argument("dir", type=Path, metavar="DIR", help="folder of the course")
    course.add_argument("--lang", choices=("en", "zh"), default="en", help="language (default: en)")
    gather = tasks.add_parser("collect", help="put what students handed in where nbgrader grades")
    gather.add_argument("course", type=Path, metavar="COURSE", help="what new-class made")
    gather.add_argument("dir", type=Path, metavar="FOLDER", help="STUDENT/….ipynb or STUDENT.ipynb")
    summary = tasks.add_parser("report", help="sum up the progress files of a class")
    summary.add_argument("dir", type=Path, metavar="FOLDER", help="NAME.json or NAME/progress.json")
    summary.add_argument("--csv", action="store_true", help="for a spreadsheet")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, got {text!r}")
    return port
