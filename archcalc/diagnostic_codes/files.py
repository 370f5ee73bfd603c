"""Files: finding, reading and extending specs."""

from archcalc.diagnostic_codes.base import Code

FILES = (
    Code(
        "file-not-found",
        "no such spec",
        "A spec is named by its file, with or without the extension, or by its name in the "
        "catalogue. Files are looked up in the current folder; `extends` looks in the folder of "
        "the file that contains it.",
        """\
$ archcalc check vgg61
""",
        """\
$ archcalc check vgg16
""",
    ),
    Code(
        "not-a-file",
        "a folder instead of a file",
        "A spec is a single file.",
        """\
$ mkdir nets
$ archcalc new vgg16 -o nets/vgg16.yaml
$ archcalc check nets
""",
        """\
$ mkdir nets
$ archcalc new vgg16 -o nets/vgg16.yaml
$ archcalc check nets/vgg16.yaml
""",
    ),
    Code(
        "file-exists",
        "the output file exists already",
        "Existing files are only overwritten with --force.",
        """\
$ archcalc new vgg16
$ archcalc new vgg16
""",
        """\
$ archcalc new vgg16
$ archcalc new vgg16 -o another.yaml
""",
    ),
    Code(
        "permission",
        "the file cannot be read",
        "The permissions of the file or of a folder above it do not allow it, or the disk failed.",
        """\
$ archcalc new vgg16 -o net.yaml
$ chmod u-r net.yaml
$ archcalc check net.yaml
""",
        """\
$ archcalc new vgg16 -o net.yaml
$ archcalc check net.yaml
""",
    ),
    Code(
        "encoding",
        "the file is not UTF-8",
        "Specs are UTF-8 text. The message gives the position of the first invalid byte.",
        """\
$ archcalc new vgg16 -o net.yaml
$ printf '# caf\\351\\n' >> net.yaml
$ archcalc check net.yaml
""",
        """\
$ archcalc new vgg16 -o net.yaml
$ printf '# caf\\303\\251\\n' >> net.yaml
$ archcalc check net.yaml
""",
    ),
    Code(
        "extends-outside",
        "`extends` leads outside the spec's folder",
        "An untrusted spec must not read other files of the machine. It can extend files in its "
        "own folder and below, and the catalogue; anything else needs --allow-outside.",
        """\
$ mkdir nets
$ archcalc new vgg16 -o base.yaml
$ echo 'extends: ../base.yaml' > nets/mine.yaml
$ archcalc check nets/mine.yaml
""",
        """\
$ mkdir nets
$ archcalc new vgg16 -o base.yaml
$ echo 'extends: ../base.yaml' > nets/mine.yaml
$ archcalc check nets/mine.yaml --allow-outside
""",
    ),
    Code(
        "extends-cycle",
        "circular `extends`",
        "A chain of `extends` must end in a spec without one.",
        """\
$ echo 'extends: two.yaml' > one.yaml
$ echo 'extends: one.yaml' > two.yaml
$ archcalc check one.yaml
""",
        """\
$ echo 'extends: two.yaml' > one.yaml
$ archcalc new vgg16 -o two.yaml
$ archcalc check one.yaml
""",
    ),
)
