"""Finding and reading specs: files, the catalogue, and what `extends` may read."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archcalc.diagnostics import DiagnosticError, Diagnostics, SourceFile, Span, Stop
from archcalc.spec import files
from archcalc.spec.files import SpecFile, catalogue_names, find, open_source, opener
from archcalc.spec.parse import parse_spec

if TYPE_CHECKING:
    from archcalc.diagnostics import Diagnostic

SPEC = "input: [3, 8, 8]\nlayers: [relu]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and a catalogue of two nets elsewhere."""
    catalogue = tmp_path / "catalogue"
    catalogue.mkdir()
    (catalogue / "vgg16.yaml").write_text(SPEC)
    (catalogue / "vgg19.yaml").write_text("extends: vgg16\n")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(files, "catalogue", lambda: catalogue)
    return here


def error(source: str | os.PathLike[str]) -> Diagnostic:
    diagnostics = Diagnostics()
    with pytest.raises(Stop):
        open_source(source, diagnostics)
    (found,) = diagnostics.items
    return found


def check(source: str, *, allow_outside: bool = False) -> list[tuple[str, str]]:
    """The codes and labels of the errors of a spec."""
    diagnostics = Diagnostics()
    file = open_source(source, diagnostics)
    parse_spec(file, diagnostics, opener(allow_outside=True) if allow_outside else opener())
    return [(d.code, d.label) for d in diagnostics.items]


def test_a_file_is_found_with_or_without_its_extension(folder: Path) -> None:
    (folder / "net.yaml").write_text(SPEC)
    for name in ("net", "net.yaml", folder / "net", f"..{os.sep}here{os.sep}net"):
        assert open_source(name, Diagnostics()).text == SPEC
    assert open_source("net", Diagnostics()).name == "net.yaml"


def test_a_file_in_the_current_folder_takes_precedence_over_the_catalogue(folder: Path) -> None:
    assert open_source("vgg16", Diagnostics()).name == "vgg16.yaml"
    (folder / "vgg16.yaml").write_text("mine")
    assert open_source("vgg16", Diagnostics()).text == "mine"


def test_a_folder_with_the_name_does_not_hide_the_catalogue(folder: Path) -> None:
    (folder / "vgg16").mkdir()
    assert open_source("vgg16", Diagnostics()).text == SPEC


def test_the_installed_catalogue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert "vgg16" in catalogue_names()
    assert find("vgg16").name == "vgg16.yaml"


def test_a_source_with_a_line_break_is_text() -> None:
    file = open_source(SPEC, Diagnostics())
    assert (file.name, file.text) == ("<text>", SPEC)


def test_a_missing_file_suggests_the_nearest_net() -> None:
    found = error("vgg116.yaml")
    assert found.code == "file-not-found"
    assert found.help == "did you mean vgg16 or vgg19?"
    assert "archcalc list" in error("nothing-like-it").help


def test_a_missing_file_suggests_one_of_its_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "my_model.yaml").write_text(SPEC)
    assert error("sub/mymodle.yaml").help == f"did you mean sub{os.sep}my_model.yaml?"


def test_a_missing_extends_does_not_list_the_folder(folder: Path) -> None:
    (folder / "secret.yaml").write_text(SPEC)
    (folder / "net.yaml").write_text("extends: secrets\n")
    diagnostics = Diagnostics()
    parse_spec(open_source("net", diagnostics), diagnostics, opener())
    assert [(d.code, "secret.yaml" in d.help) for d in diagnostics.items] == [
        ("file-not-found", False)
    ]


@pytest.mark.parametrize("name", ["VGG16", "vgg-16", "Vgg_16.yaml", "VGG 16", "V.G.G.16"])
def test_case_dashes_and_underscores_do_not_matter_in_the_catalogue(name: str) -> None:
    assert find(name).name == "vgg16.yaml"


def test_nets_in_folders_by_task_are_found_by_name(folder: Path) -> None:
    task = files.catalogue() / "segmentation"
    task.mkdir()
    (task / "unet.yaml").write_text("extends: vgg16\n")
    assert files.catalogue_names() == ["unet", "vgg16", "vgg19"]
    assert open_source("unet", Diagnostics()).name == "unet.yaml"
    assert check("U-Net.yaml") == []
    (folder / "net.yaml").write_text("extends: unet\n")
    assert check("net.yaml") == []
    assert error("segmentation/vgg16").code == "file-not-found"


def test_the_shipped_names_differ_in_more_than_case_and_dashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    for name in catalogue_names():
        assert find(name.upper().replace("_", "-")).stem == name


def test_standard_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "base.yaml").write_text(SPEC)
    for data, codes in [(b"extends: base\n", []), (b"\xff\xfe", ["encoding"])]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        diagnostics = Diagnostics()
        with suppress(Stop):
            parse_spec(open_source("-", diagnostics), diagnostics, opener())
        assert [d.code for d in diagnostics.items] == codes


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000, "a/" * 3000, "no/such/folder", "vgg16/x"])
def test_impossible_file_names(name: str) -> None:
    assert error(name).code == "file-not-found"


def test_a_folder_is_not_a_spec(folder: Path) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "a.yaml").write_text(SPEC)
    found = error("nets")
    assert (found.code, found.help) == ("not-a-file", "it contains a.yaml")


def test_a_file_that_is_not_utf_8(folder: Path) -> None:
    (folder / "net.yaml").write_bytes(b"name: x\n# caf\xe9\n")
    found = error("net.yaml")
    assert (found.code, found.label) == ("encoding", "byte 13 (line 2) is 0xe9")


def test_a_byte_order_mark_is_ignored(folder: Path) -> None:
    (folder / "net.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC.encode())
    assert open_source("net", Diagnostics()).text == SPEC


def test_a_too_large_file_is_not_read_completely(folder: Path) -> None:
    with (folder / "net.yaml").open("wb") as file:
        file.truncate(10**11)  # a sparse file: it takes no disk space
    assert error("net.yaml").code == "too-large"
    assert error("#" * 8_000_000 + "\n").code == "too-large"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_an_unreadable_file(folder: Path) -> None:
    (folder / "net.yaml").write_text(SPEC)
    (folder / "net.yaml").chmod(0)
    assert error("net.yaml").code == "permission"


def test_an_operating_system_error_is_reported(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "net.yaml").write_text(SPEC)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    found = error("net.yaml")
    assert (found.code, found.label) == ("permission", "Permission denied")


def test_extends_is_relative_to_the_files_own_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "base.yaml").write_text(SPEC)
    (folder / "sub" / "net.yaml").write_text("extends: base\n")
    (folder / "top.yaml").write_text("extends: sub/net.yaml\n")
    assert check("sub/net.yaml") == []
    assert check("top.yaml") == []
    assert check(str(folder / "top.yaml")) == []


def test_a_base_is_shown_by_its_path_from_the_current_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "net.yaml").write_text("extends: base\n")
    (folder / "sub" / "base.yaml").write_text(SPEC)
    own = open_source("sub/net.yaml", Diagnostics())
    assert opener()("base", Span(own, 1, 1)).name == os.path.join("sub", "base.yaml")


def test_a_net_of_the_catalogue_can_be_extended_from_anywhere(folder: Path) -> None:
    (folder / "net.yaml").write_text("extends: vgg19\n")
    assert check("net.yaml") == []
    assert check("vgg19") == []
    assert check("name: text\nextends: vgg16.yaml\n") == []


def test_text_cannot_extend_a_file(folder: Path) -> None:
    (folder / "base.yaml").write_text(SPEC)
    assert [code for code, _ in check("name: text\nextends: base.yaml\n")] == ["file-not-found"]
    path = str(folder / "base.yaml")
    assert [code for code, _ in check(f"name: text\nextends: {path}\n")] == ["file-not-found"]


OUTSIDE = ["../secret.yaml", "../secret", "sub/../../secret.yaml", "../no-such-file"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_extends_stays_in_the_specs_folder(folder: Path, name: str) -> None:
    (folder.parent / "secret.yaml").write_text(SPEC)
    (folder / "sub").mkdir()
    (folder / "net.yaml").write_text(f"extends: {name}\n")
    assert [code for code, _ in check("net.yaml")] == ["extends-outside"]


def test_an_absolute_path_is_outside_too(folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text(SPEC)
    (folder / "net.yaml").write_text(f"extends: {folder.parent / 'secret.yaml'}\n")
    assert [code for code, _ in check("net.yaml")] == ["extends-outside"]
    assert check("net.yaml", allow_outside=True) == []


def test_a_base_in_a_subfolder_can_extend_up_to_the_specs_folder_only(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "base.yaml").write_text(SPEC)
    (folder / "sub" / "mid.yaml").write_text("extends: ../base.yaml\n")
    (folder / "net.yaml").write_text("extends: sub/mid.yaml\n")
    assert check("net.yaml") == []
    assert [code for code, _ in check("sub/mid.yaml")] == ["extends-outside"]


def test_a_link_out_of_the_folder_is_resolved_before_the_check(folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text(SPEC)
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "net.yaml").write_text("extends: link.yaml\n")
    assert [code for code, _ in check("net.yaml")] == ["extends-outside"]
    assert check("net.yaml", allow_outside=True) == []


def test_a_cycle_of_links_is_not_a_file(folder: Path) -> None:
    (folder / "a.yaml").symlink_to(folder / "b.yaml")
    (folder / "b.yaml").symlink_to(folder / "a.yaml")
    (folder / "net.yaml").write_text("extends: a.yaml\n")
    assert [code for code, _ in check("net.yaml")] == ["file-not-found"]
    assert error("a.yaml").code == "file-not-found"


def test_extends_reads_files_only(folder: Path) -> None:
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    for name, code in (("sub", "not-a-file"), ("pipe.yaml", "file-not-found")):
        (folder / "net.yaml").write_text(f"extends: {name}\n")
        assert [found for found, _ in check("net.yaml")] == [code]


def test_a_base_next_to_the_spec_takes_precedence_over_the_catalogue(folder: Path) -> None:
    (folder / "vgg16.yaml").write_text("input: [3, 8, 8]\n")
    (folder / "net.yaml").write_text("extends: vgg16\n")
    assert [code for code, _ in check("net.yaml")] == ["missing-key"]


def test_a_file_with_the_name_of_a_catalogue_net_can_extend_it(folder: Path) -> None:
    (folder / "vgg16.yaml").write_text("extends: vgg16\n")
    assert check("vgg16.yaml") == []


def test_a_cycle_is_found_whatever_the_file_names(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "a.yaml").write_text("extends: sub/b\n")
    (folder / "sub" / "b.yaml").write_text("extends: ../a.yaml\n")
    for name in ("a.yaml", f".{os.sep}a.yaml", str(folder / "a.yaml")):
        ((code, _),) = check(name)
        assert code == "extends-cycle"


def test_files_are_identified_by_path_and_texts_by_name(folder: Path) -> None:
    one = SpecFile("a", "", folder / "a", folder)
    assert files.same_file(one, SpecFile("b", "", folder / "a", folder))
    assert not files.same_file(one, SpecFile("a", "", folder / "b", folder))
    assert files.same_file(SourceFile("a", ""), SourceFile("a", "x"))


def test_a_failed_load_is_reported() -> None:
    with pytest.raises(DiagnosticError) as caught:
        opener()("nothing", Span(SourceFile("<text>", ""), 1, 1))
    assert caught.value.code == "file-not-found"
