"""A report in the form that build servers read: one test case a check."""

import xml.etree.ElementTree as ET

from preflight.report import Report, Result


def junit(report: Report) -> str:
    """JUnit's XML. A warning is a case that passed and has something to say."""
    suite = ET.Element(
        "testsuite",
        name="preflight",
        tests=str(len(report.checks)),
        failures=str(sum(check.result is Result.FAIL for check in report.checks)),
        errors="0",
        skipped=str(sum(check.result is Result.SKIPPED for check in report.checks)),
        time=f"{report.seconds:.3f}",
    )
    for check in report.checks:
        case = ET.SubElement(suite, "testcase", classname=f"preflight.{check.group}", name=check.name)
        told = f"expected: {check.expected}\nfound: {check.found}"
        told += f"\ndo next: {check.remedy}" if check.remedy else ""
        if check.result is Result.FAIL:
            ET.SubElement(case, "failure", message=_clean(check.found)).text = _clean(told)
        elif check.result is Result.SKIPPED:
            ET.SubElement(case, "skipped", message=_clean(check.found))
        elif check.result is Result.WARN:
            ET.SubElement(case, "system-out").text = _clean(told)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without what XML cannot carry: a gateway may say anything."""
    return "".join(
        letter if letter in "\t\n" or (letter >= " " and letter not in "\ufffe\uffff") else "?" for letter in text
    )
