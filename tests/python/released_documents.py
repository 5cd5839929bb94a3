"""Every TOML block of the released package's documentation and tests, taken from its source distribution as it is.

Argument: the source distribution. Each line of the answer is a block: {"place", "text", "data"}, where data is what the text
means, or {"place", "text", "wrong"} where it means nothing as a whole. Blocks are files whose names end with `.toml`,
fenced blocks of Markdown, `code-block` directives of reStructuredText, and texts in Python that are configurations; numbers
stand where such a text is filled in. A block that shows alternatives repeats its keys: each of them is a block then.
"""

import ast
import json
import re
import sys
import tarfile
import textwrap
import tomllib

FENCE = re.compile(r"^( *)(```+|~~~+) *toml\b[^\n]*\n(.*?)^ *\2 *$", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"^( *)\.\. (?:code-block|code|sourcecode):: *toml *\n((?:\1 +\S.*\n|[ \t]*\n)*)", re.MULTILINE)
OPTIONS = re.compile(r"\A(?: +:[\w-]+:.*\n)+")
SECTION = re.compile(r"^ *\[+(?:scheduler|object_storage_server|worker_manager|gui|top)\b[^\]\n]*\]+ *$", re.MULTILINE)
FILLED_IN = "2345"


def lines_before(text, position):
    return text.count("\n", 0, position) + 1


def of_markdown(text):
    for found in FENCE.finditer(text):
        yield lines_before(text, found.start()), textwrap.dedent(found[3])


def of_restructured(text):
    for found in DIRECTIVE.finditer(text):
        yield lines_before(text, found.start()), textwrap.dedent(OPTIONS.sub("", found[2])).strip("\n") + "\n"


def of_python(text):
    tree = ast.parse(text)
    # The parts of a text that is filled in are constants, too.
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found = "".join(part.value if isinstance(part, ast.Constant) else FILLED_IN for part in node.values)
        elif isinstance(node, ast.Constant) and id(node) not in parts and isinstance(node.value, (str, bytes)):
            found = node.value.decode("utf-8", "replace") if isinstance(node.value, bytes) else node.value
        else:
            continue
        # A text that only speaks of a section has no line of its own for it and a key.
        if SECTION.search(found) and "=" in found:
            yield node.lineno, textwrap.dedent(found)


def blocks(name, text):
    if name.endswith(".toml"):
        yield 1, text
    elif name.endswith(".md"):
        yield from of_markdown(text)
    elif name.endswith(".rst"):
        yield from of_restructured(text)
    elif name.endswith(".py"):
        yield from of_python(text)


def read(text):
    try:
        return {"text": text, "data": json.loads(json.dumps(tomllib.loads(text), default=str))}
    except tomllib.TOMLDecodeError as error:
        return {"text": text, "wrong": str(error)}


def meanings(text):
    whole = read(text)
    paragraphs = [read(part + "\n") for part in re.split(r"\n[ \t]*\n", text.strip("\n"))]
    if "wrong" in whole and len(paragraphs) > 1 and all("data" in part for part in paragraphs):
        return paragraphs
    return [whole]


def main():
    with tarfile.open(sys.argv[1]) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            name = member.name.partition("/")[2]
            if not member.isfile() or not name.endswith((".toml", ".md", ".rst", ".py")):
                continue
            text = archive.extractfile(member).read().decode("utf-8", "replace")
            for line, block in blocks(name, text):
                for number, meaning in enumerate(meanings(block)):
                    print(json.dumps({"place": f"{name}:{line}" + f" ({number + 1})" * (number > 0), **meaning}))


if __name__ == "__main__":
    main()
