"""Finding and reading specs: beside the user, in the catalogue, and what `extends` may read."""

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
    """An empty folder to stand in, and a catalogue of two nets elsewhere."""
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
    """The codes and labels of what is wrong with a spec."""
    diagnostics = Diagnostics()
    file = open_source(source, diagnostics)
    parse_spec(file, diagnostics, opener(allow_outside=True) if allow_outside else opener())
    return [(d.code, d.label) for d in diagnostics.items]


def test_a_file_is_found_with_or_without_its_ending(folder: Path) -> None:
    (folder / "net.yaml").write_text(SPEC)
    for name in ("net", "net.yaml", folder / "net", f"..{os.sep}here{os.sep}net"):
        assert open_source(name, Diagnostics()).text == SPEC
    assert open_source("net", Diagnostics()).name == "net.yaml"


def test_a_file_beside_the_user_comes_before_the_catalogue(folder: Path) -> None:
    assert open_source("vgg16", Diagnostics()).name == "vgg16.yaml"
    (folder / "vgg16.yaml").write_text("mine")
    assert open_source("vgg16", Diagnostics()).text == "mine"


def test_a_folder_of_the_name_does_not_hide_the_catalogue(folder: Path) -> None:
    (folder / "vgg16").mkdir()
    assert open_source("vgg16", Diagnostics()).text == SPEC


def test_the_catalogue_that_ships_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert "vgg16" in catalogue_names()
    assert find("vgg16").name == "vgg16.yaml"


def test_text_is_what_has_a_line_break() -> None:
    file = open_source(SPEC, Diagnostics())
    assert (file.name, file.text) == ("<text>", SPEC)


def test_a_missing_file_offers_the_nearest_net() -> None:
    found = error("vgg116.yaml")
    assert found.code == "file-not-found"
    assert found.help == "did you mean vgg16 or vgg19?"
    assert "archcalc list" in error("nothing-like-it").help


def test_a_missing_file_offers_one_of_its_folder(folder: Path) -> None:
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
def test_names_that_no_file_has(name: str) -> None:
    assert error(name).code == "file-not-found"


def test_a_folder_is_no_spec(folder: Path) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "a.yaml").write_text(SPEC)
    found = error("nets")
    assert (found.code, found.help) == ("not-a-file", "it contains a.yaml")


def test_a_file_that_is_not_utf_8(folder: Path) -> None:
    (folder / "net.yaml").write_bytes(b"name: x\n# caf\xe9\n")
    found = error("net.yaml")
    assert (found.code, found.label) == ("encoding", "byte 13 (line 2) is 0xe9")


def test_a_byte_order_mark_is_no_part_of_the_text(folder: Path) -> None:
    (folder / "net.yaml").write_bytes(b"\xef\xbb\xbf" + SPEC.encode())
    assert open_source("net", Diagnostics()).text == SPEC


def test_a_file_that_is_too_large_is_not_read_whole(folder: Path) -> None:
    with (folder / "net.yaml").open("wb") as file:
        file.truncate(10**11)  # a hole: it takes no room on the disk
    assert error("net.yaml").code == "too-large"
    assert error("#" * 8_000_000 + "\n").code == "too-large"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_file_that_may_not_be_read(folder: Path) -> None:
    (folder / "net.yaml").write_text(SPEC)
    (folder / "net.yaml").chmod(0)
    assert error("net.yaml").code == "permission"


def test_a_refusal_of_the_system_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "net.yaml").write_text(SPEC)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    found = error("net.yaml")
    assert (found.code, found.label) == ("permission", "Permission denied")


def test_extends_is_seen_from_the_files_own_folder(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "base.yaml").write_text(SPEC)
    (folder / "sub" / "net.yaml").write_text("extends: base\n")
    (folder / "top.yaml").write_text("extends: sub/net.yaml\n")
    assert check("sub/net.yaml") == []
    assert check("top.yaml") == []
    assert check(str(folder / "top.yaml")) == []


def test_a_base_is_called_by_its_path_from_the_user(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "net.yaml").write_text("extends: base\n")
    (folder / "sub" / "base.yaml").write_text(SPEC)
    own = open_source("sub/net.yaml", Diagnostics())
    assert opener()("base", Span(own, 1, 1)).name == os.path.join("sub", "base.yaml")


def test_a_net_of_the_catalogue_may_be_extended_from_anywhere(folder: Path) -> None:
    (folder / "net.yaml").write_text("extends: vgg19\n")
    assert check("net.yaml") == []
    assert check("vgg19") == []
    assert check("name: text\nextends: vgg16.yaml\n") == []


def test_text_extends_no_file(folder: Path) -> None:
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


def test_an_absolute_path_leads_outside_too(folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text(SPEC)
    (folder / "net.yaml").write_text(f"extends: {folder.parent / 'secret.yaml'}\n")
    assert [code for code, _ in check("net.yaml")] == ["extends-outside"]
    assert check("net.yaml", allow_outside=True) == []


def test_a_base_in_a_subfolder_may_go_up_to_the_specs_folder_and_no_further(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "base.yaml").write_text(SPEC)
    (folder / "sub" / "mid.yaml").write_text("extends: ../base.yaml\n")
    (folder / "net.yaml").write_text("extends: sub/mid.yaml\n")
    assert check("net.yaml") == []
    assert [code for code, _ in check("sub/mid.yaml")] == ["extends-outside"]


def test_a_link_out_of_the_folder_is_followed_before_it_is_judged(folder: Path) -> None:
    (folder.parent / "secret.yaml").write_text(SPEC)
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "net.yaml").write_text("extends: link.yaml\n")
    assert [code for code, _ in check("net.yaml")] == ["extends-outside"]
    assert check("net.yaml", allow_outside=True) == []


def test_a_circle_of_links_is_no_file(folder: Path) -> None:
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


def test_a_base_beside_the_spec_comes_before_the_catalogue(folder: Path) -> None:
    (folder / "vgg16.yaml").write_text("input: [3, 8, 8]\n")
    (folder / "net.yaml").write_text("extends: vgg16\n")
    assert [code for code, _ in check("net.yaml")] == ["missing-key"]


def test_a_file_called_as_a_net_of_the_catalogue_may_extend_it(folder: Path) -> None:
    (folder / "vgg16.yaml").write_text("extends: vgg16\n")
    assert check("vgg16.yaml") == []


def test_a_circle_is_found_whatever_the_files_are_called(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "a.yaml").write_text("extends: sub/b\n")
    (folder / "sub" / "b.yaml").write_text("extends: ../a.yaml\n")
    for name in ("a.yaml", f".{os.sep}a.yaml", str(folder / "a.yaml")):
        ((code, _),) = check(name)
        assert code == "extends-cycle"


def test_files_are_told_apart_by_path_and_texts_by_name(folder: Path) -> None:
    one = SpecFile("a", "", folder / "a", folder)
    assert files.same_file(one, SpecFile("b", "", folder / "a", folder))
    assert not files.same_file(one, SpecFile("a", "", folder / "b", folder))
    assert files.same_file(SourceFile("a", ""), SourceFile("a", "x"))


def test_a_load_that_fails_says_why() -> None:
    with pytest.raises(DiagnosticError) as caught:
        opener()("nothing", Span(SourceFile("<text>", ""), 1, 1))
    assert caught.value.code == "file-not-found"
