"""embed.py HEADER FILE...: a header with the text of each file, page.html as page_html[]."""

import os
import sys

with open(sys.argv[1], "w", encoding="utf-8") as header:
    for path in sys.argv[2:]:
        header.write(f"static const char {os.path.basename(path).replace('.', '_')}[] =")
        with open(path, encoding="utf-8") as f:
            for line in f:
                text = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
                header.write(f'\n    "{text}"')
        header.write(";\n")
