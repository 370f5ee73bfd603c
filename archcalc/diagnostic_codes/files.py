"""Files: finding, reading and extending specs."""

from archcalc.diagnostic_codes.base import Code

FILES = (
    Code(
        "file-not-found",
        "no such spec",
        "A name is a file beside the user (its ending may be left out), or else a net of the "
        "catalogue that ships. `extends` looks beside the file it stands in.",
        """\
$ archcalc check vgg61
""",
        """\
$ archcalc check vgg16
""",
    ),
    Code(
        "not-a-file",
        "a folder where a file is needed",
        "A spec is one file.",
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
        "a file that would be written over",
        "What is there already is kept unless --force says otherwise.",
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
        "a file that the system refuses to read",
        "The permissions of the file, or of a folder above it, do not allow it, or the disk fails.",
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
        "a file that is not UTF-8",
        "Specs are UTF-8 text. The place of the first byte that is not is told.",
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
        "extends leads out of the spec's folder",
        "A spec from a stranger must not read other files of the machine. What lies beside it or "
        "below it may be extended, and the catalogue; anything else only with --allow-outside.",
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
        "specs that extend one another in a circle",
        "A chain of extends ends in a spec that stands alone.",
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
