"""What `make sbom` makes of what an image told."""

from datetime import UTC, datetime

import pytest

from supervisor.sbom import Package, document, licences

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def told(**fields: object) -> Package:
    return Package.of({"kind": "pypi", "name": "Some_Thing", "version": "1.0+local", **fields})


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"expression": "MIT", "classifiers": ["License :: OSI Approved :: BSD License"], "licence": "GPL"}, "MIT"),
        ({"classifiers": ["License :: OSI Approved :: BSD License"], "licence": "GPL"}, "BSD License"),
        ({"classifiers": ["License :: OSI Approved"], "licence": "GPL"}, "GPL"),
        ({"licence": "Copyright\n" * 99}, "Copyright"),
        ({"licence": "x" * 999}, "x" * 80),
        ({"licence": " "}, None),
        ({}, None),
    ],
)
def test_the_newest_way_of_telling_a_licence_counts(fields: dict[str, object], licence: str | None) -> None:
    assert told(**fields).licence == licence


def test_a_document_names_its_image_and_each_package_once() -> None:
    debian = Package.of({"kind": "deb", "name": "bash", "version": "5.2"})
    made = document("an/image:1", "sha256:0", [told(expression="MIT"), told(expression="MIT"), debian], NOW)
    assert made["metadata"]["component"] == {"type": "container", "name": "an/image:1", "version": "sha256:0"}
    assert [one["purl"] for one in made["components"]] == [
        "pkg:deb/debian/bash@5.2",
        "pkg:pypi/some-thing@1.0%2Blocal",
    ]
    assert made["components"][1]["licenses"] == [{"expression": "MIT"}]
    assert "licenses" not in made["components"][0]


def test_the_page_says_where_a_package_is_and_where_no_licence_was_told() -> None:
    debian = Package.of({"kind": "deb", "name": "bash", "version": "5.2"})
    page = licences({"watchkeeper/b:local": [told(), debian], "watchkeeper/a:local": [told()]})
    assert page.splitlines()[2:] == ["| some_thing | 1.0+local | not told | a, b |"]
