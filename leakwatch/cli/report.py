"""`leakwatch report`: write a case as a page, a PDF and DICOM objects."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli.console import errors_in_one_paragraph, fail, print_line, progress
from leakwatch.core.errors import needs_extra
from leakwatch.core.messages import text
from leakwatch.core.planes import SECOND_FOLDER


def report(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help=text("Number or name of a case, or its folder."))
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=text("Folder for the report; created if absent."))
    ],
    dicom: Annotated[
        bool,
        typer.Option("--dicom", help=text("Also write DICOM: SR, SEG and presentation states.")),
    ] = False,
) -> None:
    """Write the report of a recorded case: report.html and report.pdf.

    With --dicom, the subfolder `dicom` receives the recorded frames, a measurement report (TID
    1500), the segmented cement, and a presentation state for each alert, for an archive. If the
    session has two planes, both are in the report, and the second one in `dicom/plane-b`.
    """
    from leakwatch.case_files.planes_file import find_second_plane
    from leakwatch.case_files.session_file import SESSION_NAME, load_session
    from leakwatch.files.private_files import replace_private_file
    from leakwatch.library.case_library import CaseLibrary
    from leakwatch.runner.recorded_case import find_again
    from leakwatch.sinks.dicom_export.case_objects import export_dicom
    from leakwatch.sinks.output_folder import make_folder

    with errors_in_one_paragraph():
        with needs_extra("report", text("a report")):
            from leakwatch.sinks.report.case_page import PAGE_NAME, make_report_page
            from leakwatch.sinks.report.case_pdf import PDF_NAME, make_report_pdf
            from leakwatch.sinks.report.case_report import make_case_report
            from leakwatch.sinks.report.planes_report import make_planes_report
        folder, name = Path(case), Path(case).resolve().name
        if not (folder / SESSION_NAME).is_file():  # a folder may have the same name as a case
            if folder.is_file():
                fail(
                    text(
                        "{case} is not a recorded case. Add it first: leakwatch cases add {case}",
                        case=case,
                    )
                )
            with CaseLibrary() as library:
                found = library.case(case)
            folder, name = found.folder, found.name
        second, other = find_second_plane(folder), None
        with progress(name, None) as on_frame:
            findings = find_again(folder, name, on_frame)
            if second is not None and load_session(second.folder / SESSION_NAME).frames:
                other = find_again(second.folder, name, on_frame)
        make_folder(out)
        if second is None or other is None:
            contents = make_case_report(findings)
        else:
            contents = make_planes_report(findings, other, second.offset_s)
        try:
            replace_private_file(out / PAGE_NAME, make_report_page(contents).encode())
            replace_private_file(out / PDF_NAME, make_report_pdf(contents))
        except OSError as error:
            fail(
                text(
                    "{output} cannot be written: {error}. Check permissions and free disk space.",
                    output=out,
                    error=str(error),
                )
            )
        written = [PAGE_NAME, PDF_NAME]
        if dicom:
            paths = export_dicom(findings, out / "dicom")
            if other is not None:
                paths += export_dicom(other, out / "dicom" / SECOND_FOLDER)
            written += [str(path.relative_to(out)) for path in paths]
    print_line(text("written to {output}: {written}", output=out, written=", ".join(written)))
