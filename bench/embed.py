"""embed.py HEADER FILE...: a header with the text of each file, page.html as page_html[], and
5-page.html as file_5_page_html[]."""

import os
import re
import sys


def identifier(path):
    name = re.sub(r"\W", "_", os.path.basename(path))
    return "file_" + name if name[0].isdigit() else name


with open(sys.argv[1], "w", encoding="utf-8") as header:
    for path in sys.argv[2:]:
        header.write(f"static const char {identifier(path)}[] =")
        with open(path, encoding="utf-8") as f:
            for line in f:
                text = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
                header.write(f'\n    "{text}"')
        header.write(";\n")
